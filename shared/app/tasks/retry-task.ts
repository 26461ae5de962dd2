/**
 * Resumes a task that has ended without success, in a new execution that walks the whole workflow again: successful steps replay their
 * receipts, failed and interrupted ones run again.
 *
 * Invariants (tests cite them):
 * retry/Q1 a step that has succeeded or was skipped does not run again, but an approval that does not count any more (approvals-anew/N1); a failure that the task went on after stays one
 * retry/Q2 one of two concurrent retries wins, and the other changes nothing of its work; an interrupted retry is completed by its repeat,
 *    or by the reconciler
 * retry/Q3 invocations of the previous execution cannot write any more, because their fences are lower
 * retry/Q4 agents that have failed a step before the retry are candidates again
 */
import type * as z from 'zod'
import type { RetryTaskSchema } from '../../contracts/requests.ts'
import { firstFenceOf } from '../../contracts/step-payload.ts'
import type { TaskView } from '../../contracts/views.ts'
import { amountOf } from '../../domain/budget.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { taskRetriedEvent } from '../../domain/events-of-task.ts'
import { type Identity, withIdentities } from '../../domain/identity.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import { isDone } from '../../domain/step.ts'
import { type EndedTask, isOpenTask, type OpenTask } from '../../domain/task.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import type { PlanningNeeds } from '../agents/agent-knowledge.ts'
import { recordLoad } from '../choice/choose-agents.ts'
import { identitiesOf } from '../keys/identities-of.ts'
import { reopenBudget, reopenChildBudget } from '../limits/spend-budget.ts'
import { asksAnew } from '../planning/asked-anew.ts'
import { type Given, givenFor, revisePlan, type Wishes } from '../planning/revise-plan.ts'
import { reopenSteps } from '../steps/reopen-steps.ts'
import { withinTenant } from '../tenants/within-tenant.ts'
import { getTask } from '../views/get-task.ts'
import { taskView } from '../views/task-views.ts'
import { makeTask } from './make-task.ts'
import { enqueue } from './queue-tasks.ts'
import { startTask } from './start-task.ts'

type ReopenNeeds = PlanningNeeds &
  Pick<Ports, 'tasks' | 'plans' | 'steps' | 'waits' | 'budgets' | 'bus' | 'ids' | 'queue'>
type Needs = ReopenNeeds & Pick<Ports, 'executions' | 'machines' | 'collectables' | 'prices' | 'keys'>
/** The most interrupted retries of one task in a row. */
const MOST_TRIES = 10
/** A task's record is one item of limited size, so it keeps only its latest retries. */
const MOST_RETRIES_KEPT = 200

/** Throws NotFoundError, ConflictError for a task that is open or has succeeded, and the errors of a submission. */
export const retryTask =
  (all: Needs) =>
  async ({ id, ...wishes }: z.output<typeof RetryTaskSchema>, caller: Caller): Promise<TaskView> => {
    const ports = withinTenant(all, caller.tenant)
    const task = await getTask(ports, id, caller)
    if (isOpenTask(task)) throw refused(task.id, `is still ${task.status}`)
    if (task.status === 'succeeded') throw refused(task.id, 'has succeeded')
    if (task.parent)
      throw refused(
        task.id,
        `runs a step of task ${task.parent.taskId}; retry that one, and it is retried with it`,
      )
    const before = await ports.plans.getPlan(id, task.execution)
    const given = await givenFor(ports, before, wishes)
    const by = await identitiesOf(ports, caller)
    const { task: open, plan } = await reopen(ports, task, wishes, given, by)
    if (open.status === 'queued') await enqueue(ports, open)
    else await startTask(ports, open, plan)
    return taskView((await ports.tasks.findTask(id)) ?? open)
  }

/**
 * Everything but the start of the execution, which for a child is done by its parent's state. `by`: who has asked for it. Throws ConflictError when another retry won.
 */
export async function reopen(
  ports: ReopenNeeds,
  task: Exclude<EndedTask, { status: 'succeeded' }>,
  wishes: Wishes,
  given?: Given,
  by: readonly Identity[] = [],
): Promise<{ task: OpenTask; plan: Plan }> {
  const before = await ports.plans.getPlan(task.id, task.execution)
  const records = await ports.steps.listSteps(task.id)
  const revised = await revisePlan(ports, task, before, records, wishes, given)
  const retryDigest = ports.ids.digest(canonicalJson([task.execution, wishes as Json, [...by]]))
  const submittedBy = withIdentities(before.submittedBy, by)
  const isUndone = (id: string): boolean => !records.some((record) => record.path === id && isDone(record))
  const change = { before, now: revised.workflow, records, runs: isUndone, execution: task.execution + 1 }
  const asked = asksAnew(change)
  const plan = await storePlan(ports, task, { ...revised, submittedBy, asksAnew: asked, retryDigest })
  const at = ports.clock.now().toISOString()
  await reopenSteps(ports, plan, records, { at, before: firstFenceOf(task.execution + 1) })
  const waits = ports.queue.mostOf(task.tenant) !== undefined && !task.parent
  // Removes the waits of the previous execution; a step that waits again adds its own. Waits of a newer execution, which another retry has
  // started already, stay (retry/Q2).
  await ports.waits.clearWaits(task.id, task.execution)
  const open = makeTask(plan, {
    status: waits ? 'queued' : 'running',
    createdAt: task.createdAt,
    parent: task.parent,
    retries: [
      ...(task.retries ?? []).slice(-MOST_RETRIES_KEPT + 1),
      { at, was: task.status, endedAt: task.endedAt, execution: task.execution },
    ],
  })
  if (!(await ports.tasks.reopenTask(open, task.execution)))
    throw refused(task.id, 'is being retried already, or has been')
  // Only by the retry that won. If it crashes here, its steps find a closed budget, the task fails, and the next retry repairs it.
  if (plan.budget && task.parent) await reopenChildBudget(ports.budgets, task.parent.taskId, task.id)
  else if (plan.budget) await reopenBudget(ports.budgets, task.id, amountOf(plan.budget))
  await Promise.all([
    ports.bus.publish([taskRetriedEvent(open)]),
    // Best effort.
    recordLoad(ports.loads, plan.decisions).catch(() => {}),
  ])
  return { task: open, plan }
}

/** Stores the plan under the next number that no other retry has taken (retry/Q2). */
async function storePlan(ports: ReopenNeeds, task: EndedTask, wanted: Plan): Promise<Plan> {
  for (let execution = task.execution + 1; execution <= task.execution + MOST_TRIES; execution++) {
    const plan = { ...wanted, execution }
    if (await ports.plans.createPlan(plan)) return plan
    const stored = await ports.plans.getPlan(task.id, execution)
    if (stored.retryDigest === plan.retryDigest) return stored
  }
  throw refused(task.id, 'is being retried in several ways at once')
}

function refused(taskId: string, why: string): OrchestratorError {
  const message = `task ${taskId} ${why}; a task can be retried that has failed, timed out or been cancelled`
  return new OrchestratorError('ConflictError', message, { taskId })
}
