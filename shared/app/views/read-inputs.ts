/**
 * What went into a task and its steps.
 *
 * Invariants (tests cite them):
 * inputs/I1 the input shown of a step is what its agent, its child or the step itself was given by its latest run; of a fan-out it is the
 *    list of its items, of an item with a body its item. Loops have none, nor do steps that have not begun or were skipped
 * inputs/I2 only the inputs that an answer shows are read
 */

import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { loopOf, parsePath } from '../../domain/instance-path.ts'
import type { Json } from '../../domain/json.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import type { StepRecord, StoredValue } from '../../domain/step.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { isEach, isFanOut } from '../../workflow/schema.ts'
import { hasStepAt, stepAt } from '../steps/plan-paths.ts'
import { getTask } from './get-task.ts'

type Needs = Pick<Ports, 'tasks' | 'plans' | 'steps' | 'values'>
type Run = { plan: Plan; records: readonly StepRecord[] }

/** The input of a task as its steps see it, in the plan of its latest execution. Throws NotFoundError. */
export const showTaskInput =
  (ports: Pick<Ports, 'tasks' | 'plans'>) =>
  async ({ id }: { id: string }, caller: Caller): Promise<{ taskId: string; input: Json }> => {
    const task = await getTask(ports, id, caller)
    const { input } = await ports.plans.getPlan(task.id, task.execution)
    return { taskId: task.id, input }
  }

/** The definition that a task runs, whether it is registered or was sent with the task. Throws NotFoundError. */
export const showTaskWorkflow =
  (ports: Pick<Ports, 'tasks' | 'plans'>) =>
  async (
    { id }: { id: string },
    caller: Caller,
  ): Promise<{ taskId: string; name: string; version: number; definition: Workflow }> => {
    const task = await getTask(ports, id, caller)
    const { workflow } = await ports.plans.getPlan(task.id, task.execution)
    return { taskId: task.id, ...task.workflow, definition: workflow }
  }

/** Throws NotFoundError for a step that the task does not have, and for one without an input. */
export const showStepInput =
  (ports: Needs) =>
  async (
    { id, stepId }: { id: string; stepId: string },
    caller: Caller,
  ): Promise<{ taskId: string; stepId: string; input: Json }> => {
    const task = await getTask(ports, id, caller)
    const [plan, records] = await Promise.all([
      ports.plans.getPlan(task.id, task.execution),
      ports.steps.listSteps(task.id),
    ])
    const input = await inputsOf(ports, { plan, records })(stepId)
    if (input !== undefined) return { taskId: task.id, stepId, input }
    const isKnown = hasStepAt(plan, stepId)
    const paths = records.map(({ path }) => path)
    const message = isKnown
      ? `no input of step "${stepId}" is kept: it has not begun, was skipped, is a loop, or ran before inputs were kept`
      : `task ${id} has no step "${stepId}"${suggestNames(stepId, paths)}`
    throw new OrchestratorError('NotFoundError', message, { stepId })
  }

/**
 * Finds the input of a step by its path; undefined where none is kept. `around` answers the paths that are likely to be asked for next: what is
 * kept of them is read at once, and of the large inputs where they are.
 */
export function inputsOf(
  { steps, values }: Pick<Ports, 'steps' | 'values'>,
  { plan, records }: Run,
): (path: string, around?: () => readonly string[]) => Promise<Json | undefined> {
  const byPath = new Map(records.map((record) => [record.path, record]))
  const read = new Map<string, StoredValue | undefined>()
  /** The items of the fan-out that was asked for last: those of its items come one after the other. */
  let items: { path: string; list: Promise<Json | undefined> } | undefined

  const stored = async (path: string, around: () => readonly string[]): Promise<StoredValue | undefined> => {
    if (!read.has(path)) {
      const wanted = byPath.has(path) ? [path, ...around()].filter((one) => byPath.has(one)) : []
      const found = wanted.length > 0 ? await steps.findInputs(plan.taskId, wanted) : new Map()
      for (const one of [path, ...wanted]) read.set(one, found.get(one))
    }
    return read.get(path)
  }

  const itemsOf = (path: string): Promise<Json | undefined> => {
    if (items?.path !== path) items = { path, list: inputOf(path) }
    return items.list
  }

  const inputOf = async (path: string, around = () => [] as readonly string[]): Promise<Json | undefined> => {
    if (!hasStepAt(plan, path)) return undefined
    const step = stepAt(plan, path)
    const { index } = parsePath(path)
    if (index !== undefined && isEach(step)) {
      const list = await itemsOf(loopOf(path))
      return Array.isArray(list) ? list[index] : undefined
    }
    const kept = (isFanOut(step) && byPath.get(path)?.items) || (await stored(path, around))
    return kept && values.loadValue(kept)
  }
  return inputOf
}
