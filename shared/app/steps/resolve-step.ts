/**
 * Decides whether a step runs, and with which input, from the plan and the steps that it needs.
 *
 * Invariants (tests cite them):
 * resolve/R1 a step with `join: all` runs if every needed step succeeded, `any` if at least one did, `settled` always; else it is skipped
 * resolve/R2 a step whose `when` is false or finds nothing is skipped; one whose `when` is not boolean has failed; a skipped step does not
 *    evaluate its input. Where the agent is called again after a suspension, the step has begun, whatever its condition is now
 * resolve/R3 a handler runs if a step that names it in `onFailure` has failed; else it is skipped
 * resolve/R4 an item of a fan-out always runs, and the fan-out decides what its failure means
 */
import { boundedText } from '../../domain/bounded.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { parsePath, pathIn } from '../../domain/instance-path.ts'
import type { Json } from '../../domain/json.ts'
import type { StepRecord, StoredValue } from '../../domain/step.ts'
import type { Task } from '../../domain/task.ts'
import type { Plan, Steps, Values } from '../../ports/index.ts'
import { resolveExpressions } from '../../workflow/expressions.ts'
import type { AgentStep } from '../../workflow/schema.ts'
import { expressionsOfStep, handledBy, needsOfStep } from '../../workflow/step-needs.ts'
import { namesForExpressions, pathsForNames, type ReadingPorts } from './expression-names.ts'
import { withLists } from './input-lists.ts'
import { pathsSeen, stepAt, stepOf, stepsAt } from './plan-paths.ts'

/**
 * Inputs of up to this size stand in the step's record. That is written at least three times (begin, end, expiry), which costs as much as
 * one object and its tag at about this size; and each reader of the record for its output reads them along.
 */
const MOST_INLINE_INPUT_BYTES = 4 * 1024

export type Resolved = { kind: 'run'; input: Json } | { kind: 'skip'; reason: string }

/** The records needed to decide about a step: those of the steps it waits for, and those its expressions see. */
export async function recordsOfNeeds(
  steps: Pick<Steps, 'findSteps'>,
  plan: Plan,
  path: string,
): Promise<StepRecord[]> {
  const { scope, stepId, index } = parsePath(path)
  const step = stepAt(plan, path)
  const handled = index === undefined ? handledBy({ steps: stepsAt(plan, scope) }, stepId) : []
  const paths = new Set([
    ...pathsSeen(plan, scope, new Set([...needsOfStep(step), ...handled])),
    ...pathsForNames(plan, { scope, path }, expressionsOfStep(step)),
  ])
  return paths.size > 0 ? steps.findSteps(plan.taskId, [...paths]) : []
}

/**
 * Whether a step of an agent runs, and with which input; `records` are those of its needs, `schema` is the JSON Schema of the agent's
 * input. `hasBegun`: its agent is called again after a suspension. Throws InvalidInputError naming the expression that failed.
 */
export async function resolveStep(
  ports: ReadingPorts,
  task: Pick<Task, 'id' | 'type' | 'metadata'>,
  plan: Plan,
  path: string,
  records: readonly StepRecord[],
  { schema, hasBegun = false }: { schema?: unknown; hasBegun?: boolean } = {},
): Promise<Resolved> {
  const { input } = stepOf(plan, path)
  const decided = await decideStep(ports, { task, plan, records, hasBegun }, path, { input })
  if (decided.kind === 'skip') return decided
  return {
    kind: 'run',
    input:
      input === undefined
        ? structuredClone(plan.input)
        : (withLists(decided.value.input, input, schema) ?? null),
  }
}

/**
 * Where the input of a step is kept. Undefined where it cannot be kept: an input is kept to be looked at, so it costs no step; `tell` is
 * told why.
 */
export async function keepInput(
  values: Pick<Values, 'storeValue'>,
  taskId: string,
  input: Json,
  tell: (reason: unknown) => void = () => {},
): Promise<StoredValue | undefined> {
  try {
    return await values.storeValue(taskId, input, MOST_INLINE_INPUT_BYTES)
  } catch (reason) {
    tell(reason)
    return undefined
  }
}

type Facts = {
  task: Pick<Task, 'id' | 'type' | 'metadata'>
  plan: Plan
  /** Records of the steps that this one needs. */
  records: readonly StepRecord[]
  /** Its condition counts no more (resolve/R2). */
  hasBegun?: boolean
}

/** Whether a step of any kind runs, and the evaluated `template`. Throws InvalidInputError naming the expression that failed. */
export async function decideStep(
  ports: ReadingPorts,
  facts: Facts,
  path: string,
  template: Readonly<Record<string, unknown>>,
): Promise<{ kind: 'run'; value: Record<string, Json> } | { kind: 'skip'; reason: string }> {
  const { plan, records } = facts
  const { scope, stepId, index } = parsePath(path)
  const step = stepAt(plan, path)
  const neighbours = stepsAt(plan, scope)
  const handled = index === undefined ? handledBy({ steps: neighbours }, stepId) : []
  // The steps that a handler handles have failed, so its `join` excludes them. Needs outside a loop are waited for by the loop.
  const needs = [...needsOfStep(step)].filter((id) => Object.hasOwn(neighbours, id) && !handled.includes(id))
  const statuses = new Map(records.map((record) => [record.path, record.status]))
  const statusOf = (id: string): StepRecord['status'] | undefined => statuses.get(pathIn(scope, id))
  const blocked = unhandled(handled, statusOf) ?? blockedBy(step, needs, statusOf)
  if (blocked) return { kind: 'skip', reason: blocked }
  const when = facts.hasBegun ? undefined : step.when
  const wanted = { when, ...template }
  const names = await namesForExpressions(ports, { ...facts, scope, path, template: wanted })
  if (when !== undefined && !holds(await resolveExpressions(when, names, 'when'), 'when', when)) {
    return { kind: 'skip', reason: 'its condition is not true' }
  }
  return { kind: 'run', value: (await resolveExpressions(template, names)) as Record<string, Json> }
}

/** Characters of the value of a condition that a message shows. */
const MOST_SHOWN = 100

/**
 * Whether a condition holds. An expression that finds nothing (`$steps.draft.isFinal` of a draft without that member) is false. `where` is
 * the field with the condition. Throws InvalidInputError with value and expression for anything but a boolean: truthiness of a number, a
 * text or null would hide mistakes.
 */
export function holds(value: Json | undefined, where: string, text: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  const shown = boundedText(JSON.stringify(value), MOST_SHOWN)
  const message = `${where} ${text} is ${shown}; a condition is true or false, such as {% $exists(...) %} or {% $count(...) > 0 %}`
  throw new OrchestratorError('InvalidInputError', message)
}

type StatusOf = (id: string) => StepRecord['status'] | undefined

/** Why a handler is skipped (resolve/R3). */
function unhandled(handled: readonly string[], statusOf: StatusOf): string | undefined {
  if (handled.length === 0 || handled.some((id) => statusOf(id) === 'failed')) return undefined
  return `${handled.map((id) => `"${id}"`).join(', ')} did not fail`
}

/** Why the outcomes of the needed steps prevent a step from running (resolve/R1); undefined when it can run. */
function blockedBy(
  { join }: Pick<AgentStep, 'join'>,
  needs: readonly string[],
  statusOf: StatusOf,
): string | undefined {
  if (join === 'settled' || needs.length === 0) return undefined
  const unsuccessful = needs.filter((need) => statusOf(need) !== 'succeeded')
  const enough = join === 'any' ? unsuccessful.length < needs.length : unsuccessful.length === 0
  if (enough) return undefined
  return unsuccessful.map((need) => `"${need}" ${statusOf(need) ?? 'did not run'}`).join(', ')
}
