/**
 * What went into a task and its steps.
 *
 * Invariants (tests cite them):
 * inputs/I1 the input shown of a step is what its agent, its child or the step itself was given by its latest run; of a fan-out it is the
 *    list of its items, of an item with a body its item. Loops have none, nor do steps that have not begun or were skipped
 * inputs/I2 only the inputs that an answer shows are read
 */

import type { Caller } from '../../domain/caller.ts'
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
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
      ports.steps.findSteps(task.id, [...new Set([stepId, loopOf(stepId)])]),
    ])
    const input = await inputsOf(ports, { plan, records })(stepId)
    if (input !== undefined) return { taskId: task.id, stepId, input }
    throw new OrchestratorError('NotFoundError', await reasonOf(ports, plan, id, stepId), { stepId })
  }

async function reasonOf({ steps }: Needs, plan: Plan, taskId: string, stepId: string): Promise<string> {
  if (hasStepAt(plan, stepId))
    return `no input of step "${stepId}" is kept: it has not begun, was skipped, is a loop, or ran before inputs were kept`
  const known = [
    ...Object.keys(plan.workflow.steps),
    ...(await steps.listSteps(taskId)).map(({ path }) => path),
  ]
  return `task ${taskId} has no step "${stepId}"${suggestNames(stepId, [...new Set(known)])}`
}

/**
 * Finds the input of a step by its path; undefined where none is kept. `around` answers the paths that are likely to be asked for next: their
 * records are read in the same call, the objects of large inputs only as they are asked for (inputs/I2).
 */
export function inputsOf(
  { steps, values }: Pick<Ports, 'steps' | 'values'>,
  { plan, records }: Run,
): (path: string, around?: () => readonly string[]) => Promise<Json | undefined> {
  const byPath = new Map(records.map((record) => [record.path, record]))
  const read = new Map<string, Promise<StoredValue | undefined>>()
  /** The items of the fan-out that was asked for last: those of its items come one after the other. */
  let items: { path: string; list: Promise<Json | undefined> } | undefined

  const stored = (path: string, around: () => readonly string[]): Promise<StoredValue | undefined> => {
    const known = read.get(path)
    if (known || !byPath.has(path)) return known ?? Promise.resolve(undefined)
    const wanted = [...new Set([path, ...around()])].filter((one) => byPath.has(one) && !read.has(one))
    const reading = steps.findInputs(plan.taskId, wanted)
    const found = reading.then((all) => all.get(path))
    for (const one of wanted) {
      const its = one === path ? found : reading.then((all) => all.get(one))
      // Its reader hears of a failure.
      its.catch(() => {})
      read.set(one, its)
    }
    return found
  }

  const itemsOf = (path: string): Promise<Json | undefined> => {
    if (items?.path !== path) items = { path, list: inputOf(path) }
    return items.list
  }

  const inputOf = async (path: string, around = () => [] as readonly string[]): Promise<Json | undefined> => {
    const record = byPath.get(path)
    if (!hasStepAt(plan, path) || record?.status === 'skipped') return undefined
    const step = stepAt(plan, path)
    const { index } = parsePath(path)
    if (index !== undefined && isEach(step)) {
      const list = await itemsOf(loopOf(path))
      return Array.isArray(list) ? list[index] : undefined
    }
    const kept = (isFanOut(step) && record?.items) || (await stored(path, around))
    return kept && unlessGone(values.loadValue(kept))
  }
  return inputOf
}

/** An input whose object is gone was kept once; the rest of the answer is there all the same. */
const unlessGone = (loading: Promise<Json>): Promise<Json | undefined> =>
  loading.catch((error: unknown) => {
    if (isOrchestratorError(error, 'NotFoundError')) return undefined
    throw error
  })
