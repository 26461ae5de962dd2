/**
 * What a step is to do, from the plan and the steps it needs.
 *
 * Invariants (tests cite them):
 * R1 `join: all` runs if every needed step succeeded, `any` if at least one did, `settled` always; else it is skipped
 * R2 a step whose `when` is not true is skipped; a step that is skipped does not evaluate its input
 * R3 a handler runs if a step that names it in `onFailure` has failed; else it is skipped
 * R4 an item of a fan-out runs, and its failure is the fan-out's to judge
 */
import { OrchestratorError } from '../domain/errors.ts'
import { parsePath } from '../domain/instance-path.ts'
import type { Json } from '../domain/json.ts'
import type { Binding } from '../domain/plan.ts'
import type { StepRecord } from '../domain/step.ts'
import type { Task } from '../domain/task.ts'
import type { Plan, TaskStore } from '../ports/index.ts'
import { resolveExpressions } from '../workflow/expressions.ts'
import { type AgentStep, isAgentStep, type Step } from '../workflow/schema.ts'
import { handledBy, needsOfStep } from '../workflow/step-needs.ts'
import { namesForExpressions } from './expression-names.ts'

export type Resolved = { kind: 'run'; input: Json } | { kind: 'skip'; reason: string }

/** The step that runs at a path. Throws BugError for a path that the plan has not. */
export function stepAt({ taskId, workflow }: Pick<Plan, 'taskId' | 'workflow'>, path: string): Step {
  const { stepId, index } = parsePath(path)
  const step = workflow.steps[stepId]
  if (!step) throw new OrchestratorError('BugError', `the plan of ${taskId} has no step "${path}"`, { path })
  // Of its items a fan-out decides itself whether they run, and what it means when one has failed (R4).
  return index === undefined ? step : { ...step, when: undefined, join: 'settled', onFailure: 'continue' }
}

/** The same for a step that an agent runs. */
export function stepOf(plan: Plan, path: string): AgentStep {
  const step = stepAt(plan, path)
  if (isAgentStep(step)) return step
  throw new OrchestratorError('BugError', `the plan of ${plan.taskId} has no agent step "${path}"`, { path })
}

/** Who runs the step at a path, as planned; nobody yet for one that is bound late. */
export function bindingAt({ bindings }: Pick<Plan, 'bindings'>, path: string): Binding | undefined {
  return bindings[parsePath(path).stepId]
}

/** The records of the steps that a step waits for, as far as they ran. */
export async function recordsOfNeeds(tasks: TaskStore, plan: Plan, path: string): Promise<StepRecord[]> {
  const needs = needsIn(plan, path)
  return needs.length > 0 ? tasks.findSteps(plan.taskId, needs) : []
}

/**
 * Whether a step of an agent runs, and with which input; `records` are those of its needs. Throws InvalidInputError naming the
 * expression that failed.
 */
export async function resolveStep(
  tasks: TaskStore,
  task: Pick<Task, 'id' | 'type' | 'metadata'>,
  plan: Plan,
  path: string,
  records: readonly StepRecord[],
): Promise<Resolved> {
  const { index } = parsePath(path)
  const { input = index === undefined ? undefined : '{% $item %}' } = stepOf(plan, path)
  const decided = await decideStep(tasks, { task, plan, records }, path, { input })
  if (decided.kind === 'skip') return decided
  return {
    kind: 'run',
    input: input === undefined ? structuredClone(plan.input) : (decided.value.input ?? null),
  }
}

type Facts = {
  task: Pick<Task, 'id' | 'type' | 'metadata'>
  plan: Plan
  /** Of the steps that this one needs. */
  records: readonly StepRecord[]
}

/** Whether a step of any kind runs, and what is in `template` then. Throws InvalidInputError naming the expression that failed. */
export async function decideStep(
  tasks: TaskStore,
  facts: Facts,
  path: string,
  template: Readonly<Record<string, unknown>>,
): Promise<{ kind: 'run'; value: Record<string, Json> } | { kind: 'skip'; reason: string }> {
  const { plan, records } = facts
  const step = stepAt(plan, path)
  const handled = handledBy(plan.workflow, path)
  // What a handler handles has failed: its `join` is about the others.
  const needs = [...needsOfStep(step)].filter((need) => !handled.includes(need))
  const blocked = unhandled(handled, records) ?? blockedBy(step, needs, records)
  if (blocked) return { kind: 'skip', reason: blocked }
  const names = {
    ...(await namesForExpressions(tasks, { ...facts, template: { when: step.when, ...template } })),
    ...(await namesOfItem(tasks, path, records)),
  }
  if (step.when !== undefined && (await resolveExpressions(step.when, names, 'when')) !== true) {
    return { kind: 'skip', reason: 'its condition is not true' }
  }
  return { kind: 'run', value: (await resolveExpressions(template, names)) as Record<string, Json> }
}

function needsIn(plan: Plan, path: string): string[] {
  const { stepId, index } = parsePath(path)
  const own = index === undefined ? handledBy(plan.workflow, path) : [stepId]
  return [...new Set([...needsOfStep(stepAt(plan, path)), ...own])]
}

/** `$item` and `$index`: the fan-out has stored its items in its own record. */
async function namesOfItem(
  tasks: Pick<TaskStore, 'loadValue'>,
  path: string,
  records: readonly StepRecord[],
): Promise<Record<string, Json>> {
  const { stepId, index } = parsePath(path)
  const items = records.find((record) => record.path === stepId)?.items
  if (index === undefined || !items) return {}
  return { item: ((await tasks.loadValue(items)) as Json[])[index] ?? null, index }
}

/** Why a handler has nothing to do (R3). */
function unhandled(
  handled: readonly string[],
  records: readonly Pick<StepRecord, 'path' | 'status'>[],
): string | undefined {
  const hasFailed = (id: string): boolean =>
    records.some((record) => record.path === id && record.status === 'failed')
  if (handled.length === 0 || handled.some(hasFailed)) return undefined
  return `${handled.map((id) => `"${id}"`).join(', ')} did not fail`
}

/** Why a step cannot run after what became of the steps it needs (R1); undefined when it can. */
function blockedBy(
  { join }: Pick<AgentStep, 'join'>,
  needs: readonly string[],
  records: readonly Pick<StepRecord, 'path' | 'status'>[],
): string | undefined {
  if (join === 'settled' || needs.length === 0) return undefined
  const statuses = new Map(records.map(({ path, status }) => [path, status]))
  const unsuccessful = needs.filter((need) => statuses.get(need) !== 'succeeded')
  const enough = join === 'any' ? unsuccessful.length < needs.length : unsuccessful.length === 0
  if (enough) return undefined
  return unsuccessful.map((need) => `"${need}" ${statuses.get(need) ?? 'did not run'}`).join(', ')
}
