import type * as z from 'zod'
import type { RetryTaskSchema } from '../../contracts/requests.ts'
import type { Budget } from '../../domain/budget.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { issue } from '../../domain/issue.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { isDone, type StepRecord } from '../../domain/step.ts'
import type { Task } from '../../domain/task.ts'
import { secondsUntil } from '../../domain/times.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { conversationAround, everyStep, withStep } from '../../workflow/places.ts'
import { isAgentStep, type Step, type Workflow } from '../../workflow/schema.ts'
import { needsOfStep } from '../../workflow/step-needs.ts'
import type { PlanningNeeds } from '../agents/agent-knowledge.ts'
import { chooseAgents } from '../choice/choose-agents.ts'
import { type MachineOfTask, type PlannedMachine, sharedMachine } from '../machines/shared-machine.ts'
import { parseInput } from './check-input.ts'
import { givenWorkflow } from './given-workflow.ts'
import { makePlan } from './make-plan.ts'

type Needs = PlanningNeeds & Pick<Ports, 'ids'>

/** The overrides of a retry. */
export type Wishes = Omit<z.output<typeof RetryTaskSchema>, 'id'>

/** A workflow definition, and its machine. */
export type Given = { workflow: Workflow; machine: MachineOfTask }

/** The retry's own definition if it has one; otherwise the same one, whose shared machine is created again if it was collected. */
export async function givenFor(
  ports: Pick<Ports, 'agents' | 'workflows' | 'collectables' | 'machines' | 'ids' | 'clock'>,
  { positions, workflow: before, tenant }: Plan,
  { workflow: wanted, lenient }: Pick<Wishes, 'workflow' | 'lenient'>,
): Promise<Given | undefined> {
  if (wanted === undefined)
    return positions && { workflow: before, machine: await making(sharedMachine(ports, before, tenant)) }
  const { workflow, registered } = await givenWorkflow(ports, { workflow: wanted, lenient })
  return { workflow, machine: registered ?? (await making(sharedMachine(ports, workflow, tenant))) }
}

const making = async (planned: Promise<PlannedMachine>): Promise<MachineOfTask> => (await planned).make()

/**
 * The plan of a task's next execution: the previous one with the overrides applied, and with agents chosen anew for steps that are not
 * done. Throws InvalidInputError, and the errors of planning.
 */
export async function revisePlan(
  ports: Needs,
  task: Pick<Task, 'id' | 'execution' | 'tenant'>,
  before: Plan,
  records: readonly StepRecord[],
  wishes: Wishes,
  given: Given | undefined,
): Promise<Plan> {
  const done = new Set(records.filter(isDone).map(({ path }) => path))
  const workflow = withInputs(given?.workflow ?? before.workflow, wishes, done)
  const input = given ? parseInput(workflow, before.input) : before.input
  // Completed steps keep their binding for display; the agent need not exist any more.
  const kept = {
    bindings: only(before.bindings, done),
    decisions: before.decisions.filter(({ stepId }) => done.has(stepId)),
  }
  const deadline = deadlineOf(ports, before, wishes)
  const budget = budgetOf(before, wishes)
  const chosen = await chooseAgents(ports, workflow, {
    seed: `${task.id}-${task.execution + 1}`,
    tenant: task.tenant,
    prefer: before.prefer,
    left: { seconds: deadline === undefined ? undefined : secondsUntil(deadline, ports.clock.now()) },
    kept,
    named: agentsNamed(workflow, wishes),
    suspending: (given?.machine ?? before).suspending ?? [],
  })
  return makePlan({ ...before, workflow, input, budget, deadline, machine: given?.machine ?? before, chosen })
}

function only<T>(all: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)))
}

/** The workflow with edited inputs; the dependencies stay as compiled. Throws InvalidInputError. */
function withInputs(workflow: Workflow, { steps = {} }: Wishes, done: ReadonlySet<string>): Workflow {
  const places = new Map(everyStep(workflow.steps).map(({ place, step }) => [place, step]))
  let changed = workflow
  for (const [place, { input }] of Object.entries(steps)) {
    const step = editable(places, place, done)
    if (input === undefined) continue
    const conversation = conversationAround(workflow.steps, place)
    if (conversation !== undefined)
      throw invalid(
        `steps.${place}.input`,
        `step "${place}" is a part of the conversation "${conversation}", and gets its input from that`,
      )
    if (JSON.stringify(input).includes('{%'))
      throw invalid(
        `steps.${place}.input`,
        'the input of a retry is a value: what its expressions would need was compiled before',
      )
    changed = {
      ...changed,
      steps: withStep(changed.steps, place, { ...step, input, needs: [...needsOfStep(step)] } as Step),
    }
  }
  return changed
}

function editable(places: ReadonlyMap<string, Step>, place: string, done: ReadonlySet<string>): Step {
  const step = places.get(place)
  const what = `steps.${place}`
  if (!step) throw invalid(what, `there is no step "${place}"${suggestNames(place, [...places.keys()])}`)
  if (!isAgentStep(step))
    throw invalid(what, `no agent runs step "${place}": it has neither an input nor an agent`)
  if (done.has(place)) throw invalid(what, `step "${place}" has succeeded, and its output stays`)
  return step
}

function agentsNamed(workflow: Workflow, { steps = {} }: Wishes): ReadonlyMap<string, string> {
  const known = new Set(everyStep(workflow.steps).map(({ place }) => place))
  return new Map(
    Object.entries(steps).flatMap(([place, { agent }]) =>
      agent && known.has(place) ? [[place, agent] as const] : [],
    ),
  )
}

function deadlineOf(
  { clock }: Pick<Ports, 'clock'>,
  before: Plan,
  { deadline, deadlineSeconds }: Wishes,
): string | undefined {
  const now = clock.now()
  const ends =
    deadline ?? (deadlineSeconds && new Date(now.getTime() + deadlineSeconds * 1_000)) ?? before.deadline
  const time = ends && new Date(ends).toISOString()
  if (time && secondsUntil(time, now) <= 0)
    throw invalid('deadline', `the deadline, ${time}, has passed; give a later one (deadlineSeconds)`)
  return time || undefined
}

/** The raised budget. Throws InvalidInputError when a limit is lowered, or set where there was none. */
function budgetOf({ budget, taskId }: Plan, { budgetUsd, budgetTokens }: Wishes): Budget | undefined {
  const raised = (name: string, total: number | undefined, more: number | undefined): number | undefined => {
    if (more === undefined) return total
    if (total === undefined)
      throw invalid(name, `task ${taskId} was submitted without this limit, and needs none now`)
    if (more < total) throw invalid(name, `the budget was ${total} and cannot be less; this is ${more}`)
    return more
  }
  const usd = raised('budgetUsd', budget?.usd, budgetUsd)
  const tokens = raised('budgetTokens', budget?.tokens, budgetTokens)
  return budget && withoutUndefined({ usd, tokens })
}

export function invalid(path: string, message: string): OrchestratorError {
  return new OrchestratorError('InvalidInputError', message, { issues: [issue('invalid', path, message)] })
}
