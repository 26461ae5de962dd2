/**
 * Forks a task: the new one starts with completed steps of another. Completed steps never change, so any time in the life of a task is a
 * consistent snapshot of what was completed by then.
 *
 * Invariants (tests cite them):
 * fork/R1 the original task does not change, whether it runs or has ended
 * fork/R2 a copied step does not run again, costs nothing, and names its original task; the other steps run as in any task
 * fork/R3 a step that depends on a step that runs again is not copied
 * fork/R4 a repeated request does not change the first one's task, and a refused request changes nothing
 * fork/R5 copied values belong to the new task: they stay when the original task expires
 * fork/R6 its shared state begins with what the original's was at the time of the fork
 */
import type * as z from 'zod'
import type { ForkTaskSchema } from '../../contracts/requests.ts'
import type { TaskView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import { withIdentities } from '../../domain/identity.ts'
import { parsePath, placeOf } from '../../domain/instance-path.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { isDone, type StepRecord, type StoredValue } from '../../domain/step.ts'
import { FIRST_EXECUTION, isOpenTask } from '../../domain/task.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { AdoptedStep, Plan, Ports } from '../../ports/index.ts'
import { ancestorsOf } from '../../workflow/graph.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { graphOfWorkflow } from '../../workflow/step-needs.ts'
import type { PlanningNeeds } from '../agents/agent-knowledge.ts'
import { recordLoad } from '../choice/choose-agents.ts'
import { identitiesOf } from '../keys/identities-of.ts'
import { asksAnew } from '../planning/asked-anew.ts'
import { givenFor, invalid, revisePlan } from '../planning/revise-plan.ts'
import { digestOf, limitsOf, refuseDeleted, taskIdOf } from '../planning/task-request.ts'
import { copyState } from '../state/copy-state.ts'
import { staysFailed } from '../steps/reopen-steps.ts'
import { withinTenant } from '../tenants/within-tenant.ts'
import { getTask } from '../views/get-task.ts'
import { taskView } from '../views/task-views.ts'
import { enqueue } from './queue-tasks.ts'
import { startTask } from './start-task.ts'
import { storeTask } from './store-task.ts'

type Needs = PlanningNeeds &
  Pick<
    Ports,
    | 'tasks'
    | 'plans'
    | 'steps'
    | 'values'
    | 'sharedState'
    | 'budgets'
    | 'collectables'
    | 'bus'
    | 'ids'
    | 'queue'
    | 'executions'
    | 'machines'
    | 'prices'
    | 'keys'
  > &
  Partial<Pick<Ports, 'quotas'>>
type ForkRequest = z.output<typeof ForkTaskSchema>

/** Concurrent writes. */
const AT_ONCE = 20

/** Throws NotFoundError, InvalidInputError, and the errors of a submission. */
export const forkTask =
  (unscoped: Needs) =>
  async (request: ForkRequest, caller: Caller): Promise<TaskView> => {
    const ports = withinTenant(unscoped, caller.tenant)
    const { id, steps } = request
    const task = await getTask(ports, id, caller)
    const before = await ports.plans.getPlan(id, task.execution)
    const records = await ports.steps.listSteps(id)
    const given = await givenFor(ports, before, request)
    const at = timeOf(ports, request, records)
    const again = redone(given?.workflow ?? before.workflow, [...request.redo, ...Object.keys(steps ?? {})])
    const keptAt = (time: string): StepRecord[] =>
      keptSteps(before, records, time).filter(({ path }) => !again.has(outermost(path)))
    const kept = keptAt(at)

    const taskId = taskIdOf(ports, request, caller)
    await refuseDeleted(ports, request, taskId)
    const limits = limitsOf(ports, request)
    // Number of execution and estimate belong to the original task.
    const { execution: _execution, retryDigest: _digest, estimate: _estimate, ...rest } = before
    const asked = {
      ...rest,
      taskId,
      requestDigest: digestOf(ports, request),
      forkedFrom: { taskId: id, at },
      budget: limits.budget,
      deadline: limits.deadline,
      submittedBy: withIdentities(before.submittedBy, await identitiesOf(ports, caller)),
    }
    // Planned as the next execution of a task that has had none.
    const next = { id: taskId, execution: 0, tenant: caller.tenant }
    const revised = await revisePlan(ports, next, asked, kept, { steps }, given)
    const places = new Set(kept.map(({ path }) => path))
    const change = { before, now: revised.workflow, records, execution: FIRST_EXECUTION }
    const runs = (place: string): boolean => !places.has(place)
    const plan = withoutUndefined({
      ...revised,
      asksAnew: asksAnew({ ...change, runs, redo: request.redo.map(outermost) }),
    })
    /** Takes the snapshot from the stored plan, because this request may be a later repeat (fork/R4). */
    const adopt = async ({ forkedFrom }: Plan): Promise<void> => {
      if (await ports.tasks.findTask(taskId)) return
      await copyState(ports, { from: id, to: taskId, at: forkedFrom?.at ?? at })
      const all = keptAt(forkedFrom?.at ?? at)
      for (let from = 0; from < all.length; from += AT_ONCE) {
        const some = all.slice(from, from + AT_ONCE)
        const paths = some.map(({ path }) => path)
        const inputs = await ports.steps.findInputs(id, paths)
        await Promise.all(
          some.map(async (record) => {
            const own = await copied(ports.values, taskId, adopted(id, record, inputs.get(record.path)))
            await ports.steps.adoptStep(taskId, own)
          }),
        )
      }
    }
    const waits = ports.queue.mostOf(caller.tenant) !== undefined
    const stored = await storeTask(ports, plan, { status: waits ? 'queued' : 'running', prepare: adopt })
    if (!stored.first || !isOpenTask(stored.task)) return taskView(stored.task)
    await Promise.all([
      stored.told,
      waits ? enqueue(ports, stored.task) : startTask(ports, stored.task, stored.plan),
      // Best effort.
      recordLoad(ports.loads, plan.decisions).catch(() => {}),
    ])
    return taskView((await ports.tasks.findTask(taskId)) ?? stored.task)
  }

/** The time of the snapshot. Throws InvalidInputError for a step that has not ended. */
function timeOf({ clock }: Needs, { at, after }: ForkRequest, records: readonly StepRecord[]): string {
  if (after === undefined) return at === undefined ? clock.now().toISOString() : new Date(at).toISOString()
  const endedAt = records.find(({ path }) => path === after)?.endedAt
  if (endedAt !== undefined) return endedAt
  const ended = records.filter((record) => record.endedAt !== undefined).map(({ path }) => path)
  throw invalid('after', `no step "${after}" has ended${suggestNames(after, ended)}`)
}

/** The steps completed by then, including failures after which the task went on. */
function keptSteps(plan: Plan, records: readonly StepRecord[], at: string): StepRecord[] {
  const then = records.filter(({ endedAt }) => endedAt !== undefined && endedAt <= at)
  return then.filter((record) => isDone(record) || staysFailed(plan, record, then))
}

/** The given top-level steps and all that depend on them (fork/R3). Throws InvalidInputError for an unknown step. */
function redone(workflow: Workflow, places: readonly string[]): Set<string> {
  const graph = graphOfWorkflow(workflow)
  const first = new Set(places.map(outermost))
  for (const id of first) {
    if (!graph.has(id))
      throw invalid('redo', `there is no step "${id}"${suggestNames(id, [...graph.keys()])}`)
  }
  const before = ancestorsOf(graph)
  const waiting = [...graph.keys()].filter((id) =>
    [...(before.get(id) ?? [])].some((need) => first.has(need)),
  )
  return new Set([...first, ...waiting])
}

/** The top-level step of a path: `improve` of `improve[2].draft`. */
function outermost(path: string): string {
  const [first = path] = placeOf(path).split('.')
  return parsePath(first).stepId
}

/** Copies the values, since the original's expire with its task (fork/R5). An input that is out of reach costs no fork. */
async function copied(
  { loadValue, storeValue }: Ports['values'],
  taskId: string,
  { input, output, ...step }: AdoptedStep,
): Promise<AdoptedStep> {
  const copyOf = async (value: StoredValue | undefined): Promise<StoredValue | undefined> =>
    value === undefined || 'inline' in value ? value : storeValue(taskId, await loadValue(value))
  const [ownInput, ownOutput] = await Promise.all([copyOf(input).catch(() => undefined), copyOf(output)])
  return withoutUndefined({ ...step, input: ownInput, output: ownOutput })
}

/** fork/R2. Drops the reference to a child task, which belongs to the original and must not be cancelled with this one. */
function adopted(taskId: string, record: StepRecord, input = record.items): AdoptedStep {
  const { path, status, startedAt, endedAt = startedAt } = record
  const { agentId, agentVersion, agentCode, capability, output, error, degraded, skipReason } = record
  const { approval } = record
  return {
    path,
    status,
    startedAt,
    endedAt,
    ...(input ? { input } : {}),
    ...(agentId ? { agentId } : {}),
    ...(agentVersion ? { agentVersion } : {}),
    ...(agentCode ? { agentCode } : {}),
    ...(capability ? { capability } : {}),
    ...(output ? { output, reused: record.reused ?? { taskId, path } } : {}),
    ...(error ? { error } : {}),
    ...(degraded ? { degraded } : {}),
    ...(skipReason ? { skipReason } : {}),
    // Who has decided is known of the copy, too; its task token is nobody's.
    ...(approval ? { approval: { ...approval, token: '' } } : {}),
  }
}
