import type * as z from 'zod'
import type { ListStepsSchema, WatchedTaskSchema } from '../../contracts/list-requests.ts'
import type { StepView, TaskWithStepsView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { type Identity, nameOfIdentity } from '../../domain/identity.ts'
import type { Json } from '../../domain/json.ts'
import type { StepRecord } from '../../domain/step.ts'
import { type Degraded, isOpenTask, type Task } from '../../domain/task.ts'
import { secondsUntil } from '../../domain/times.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import type { RecordField } from '../../ports/steps.ts'
import { costOf } from '../limits/cost-of-steps.ts'
import { viewBudget } from '../limits/view-budget.ts'
import { getTask, type TaskRef } from './get-task.ts'
import { noSuchStep } from './no-such-step.ts'
import { pageOf } from './page-of.ts'
import { entryOf } from './queue-entry.ts'
import { inputsOf } from './read-inputs.ts'
import { itemsByKey } from './steps/items-by-key.ts'
import { recordsOfStep, SHOWN, STATUS } from './steps/records-of-step.ts'
import { stepViews } from './steps/step-views.ts'
import { degradedIn, taskView } from './task-views.ts'

type Needs = Pick<Ports, 'tasks' | 'plans' | 'steps' | 'values'>

/** The most steps in the view of a task. */
const MOST_STEPS = 1_000

export const showTask =
  (ports: Needs & Pick<Ports, 'budgets' | 'queue' | 'clock'>) =>
  async ({ id, watch }: z.output<typeof WatchedTaskSchema>, caller: Caller): Promise<TaskWithStepsView> => {
    const task = await getTask(ports, id, caller)
    const [{ steps, cost, estimate }, budget] = await Promise.all([
      readSteps(ports, task),
      task.budget ? viewBudget(ports, task) : undefined,
      watch ? markWatched(ports, task) : undefined,
    ])
    const shown = await pageOf(steps, { cursor: undefined, limit: MOST_STEPS, keyOf, show: (step) => step })
    const position =
      task.status === 'queued' ? await ports.queue.countBefore(task.tenant, entryOf(task)) : undefined
    return withoutUndefined({
      ...taskView(task),
      submittedBy: task.submittedBy && namesOfAll(task.submittedBy),
      queue: position === undefined ? undefined : { position: position + 1 },
      ...(cost.usd > 0 || cost.tokens > 0 ? { cost } : {}),
      budget,
      estimate,
      steps: shown.page,
      moreSteps: steps.length > shown.page.length ? steps.length - shown.page.length : undefined,
    })
  }

/** The names of submitters; unknown submitters are left out. */
const namesOfAll = (all: readonly Identity[]): string[] => [...new Set(all.flatMap(nameOfIdentity))]

/** How long a task is taken to be watched after it was read; a mark that is about to end is renewed. */
const WATCHED_SECONDS = 30
const RENEWED_SECONDS = 10

/** Best effort, and a write in twenty seconds, however often it is read. */
async function markWatched({ tasks, clock }: Pick<Ports, 'tasks' | 'clock'>, task: Task): Promise<void> {
  const now = clock.now()
  const { watchedUntil } = task
  const isMarked = watchedUntil !== undefined && secondsUntil(watchedUntil, now) > RENEWED_SECONDS
  if (!isOpenTask(task) || isMarked) return
  const until = new Date(now.getTime() + 1_000 * WATCHED_SECONDS).toISOString()
  await tasks.markWatched(task.id, until).catch(() => {})
}

/** One step, with the decision for its agent, its input and its output. Throws NotFoundError naming the steps of the task. */
export const showTaskStep =
  (ports: Needs) =>
  async ({ id, stepId }: TaskRef & { stepId: string }, caller: Caller): Promise<StepView> => {
    const task = await getTask(ports, id, caller)
    const plan = await ports.plans.getPlan(task.id, task.execution)
    const records = await recordsOfStep(ports.steps, task.id, stepId, SHOWN)
    const step = stepViews(task, plan, records, { all: true }).find((one) => one.stepId === stepId)
    if (step) {
      const stored = records.find(({ path }) => path === stepId)?.output
      const [input, output] = await Promise.all([
        inputsOf(ports, { plan, records })(stepId),
        stored && ports.values.loadValue(stored),
      ])
      return withoutUndefined({ ...step, input, output })
    }
    const { steps } = await readSteps(ports, task, { all: true })
    throw noSuchStep(
      id,
      stepId,
      steps.map((one) => one.stepId),
    )
  }

/** A page of all steps, in topological order, with every round and item. */
export const listTaskSteps =
  (ports: Needs) =>
  async (
    { id, status, under, inputs, outputs, limit, cursor }: z.output<typeof ListStepsSchema>,
    caller: Caller,
  ): Promise<{ steps: StepView[]; cursor?: string }> => {
    const task = await getTask(ports, id, caller)
    // Inputs are read by the places of all records.
    const within = inputs ? undefined : await itemsByKey(ports, task, { status, under, limit, cursor })
    if (within) {
      const kept = outputsOf(within.records)
      const withOutput = async (step: StepView): Promise<StepView> => {
        const output = outputs ? kept.get(step.stepId) : undefined
        return output ? { ...step, output: await ports.values.loadValue(output) } : step
      }
      const bytesOf = outputs ? sizesIn(kept) : undefined
      const from = within.isCut ? undefined : cursor
      const page = await pageOf(within.steps, { cursor: from, limit, keyOf, show: withOutput, bytesOf })
      return withoutUndefined({ steps: page.page, cursor: page.cursor })
    }
    const wanted: RecordField[] = [
      ...(inputs ? (['items'] as const) : []),
      ...(outputs ? (['output'] as const) : []),
    ]
    const { steps, records, plan } = await readSteps(ports, task, {
      all: true,
      within: inputs ? undefined : under,
      fields: [...SHOWN, ...wanted],
    })
    const stored = outputsOf(records)
    const fitting = steps.filter(
      (step) =>
        // The step of the cursor is kept, so that the page continues after it even if its status has changed.
        step.stepId === cursor ||
        ((status === undefined || step.status === status) &&
          (under === undefined || step.stepId.startsWith(`${under}[`))),
    )
    const inputOf = inputsOf(ports, { plan, records })
    const show = async (step: StepView): Promise<StepView> => {
      const { stepId } = step
      const output = outputs ? stored.get(stepId) : undefined
      return withoutUndefined({
        ...step,
        input: inputs ? await inputOf(stepId, () => pathsFrom(fitting, step, limit)) : undefined,
        output: output && (await ports.values.loadValue(output)),
      })
    }
    const bytesOf = outputs ? sizesIn(stored) : undefined
    const page = await pageOf(fitting, { cursor, limit, keyOf, show, bytesOf })
    return withoutUndefined({ steps: page.page, cursor: page.cursor })
  }

/** The paths of a step and of those that may follow it on a page. */
const pathsFrom = (steps: readonly StepView[], first: StepView, limit: number): string[] => {
  const from = steps.indexOf(first)
  return steps.slice(from, from + limit).map(keyOf)
}

const outputsOf = (records: readonly StepRecord[]): Map<string, StepRecord['output']> =>
  new Map(records.map((record) => [record.path, record.output]))

/** What is known of a step's output before it is loaded. */
const sizesIn =
  (outputs: ReadonlyMap<string, StepRecord['output']>) =>
  ({ stepId }: StepView): number => {
    const stored = outputs.get(stepId)
    return stored && 'blob' in stored ? stored.bytes : 0
  }

const keyOf = ({ stepId }: StepView): string => stepId

export const showTaskStatus =
  (ports: Needs) =>
  async ({ id }: TaskRef, caller: Caller) => {
    const task = await getTask(ports, id, caller)
    const { steps } = await readSteps(ports, task, { fields: STATUS })
    const fanOuts = steps.flatMap(({ stepId, items }) => (items ? [[stepId, items] as const] : []))
    const counts = Map.groupBy(steps, ({ status }) => status)
    return {
      taskId: task.id,
      status: task.status,
      steps: Object.fromEntries([...counts].map(([status, members]) => [status, members.length])),
      ...(fanOuts.length > 0 ? { items: Object.fromEntries(fanOuts) } : {}),
    }
  }

/** Throws ConflictError with the status and the reason when the task has not succeeded. */
export const showTaskResult =
  (ports: Needs) =>
  async (
    { id }: TaskRef,
    caller: Caller,
  ): Promise<{
    taskId: string
    status: 'succeeded'
    result: Json
    degraded: Degraded
    degradedCount?: number | undefined
  }> => {
    const task = await getTask(ports, id, caller)
    if (task.status === 'succeeded') {
      const result = await ports.values.loadValue(task.result)
      return { taskId: task.id, status: task.status, result, ...degradedIn(task) }
    }
    throw new OrchestratorError('ConflictError', describeNoResult(task), {
      taskId: task.id,
      status: task.status,
    })
  }

type Reading = {
  /** The steps of every round and item. */
  all?: boolean
  /** Only what is within this step has its state; the others are as if they had not begun. */
  within?: string | undefined
  fields?: readonly RecordField[]
}

async function readSteps(ports: Needs, task: Task, { all = false, within, fields = SHOWN }: Reading = {}) {
  const [plan, records] = await Promise.all([
    ports.plans.getPlan(task.id, task.execution),
    within === undefined
      ? ports.steps.listSteps(task.id, { fields })
      : recordsOfStep(ports.steps, task.id, within, fields),
  ])
  const steps = stepViews(task, plan, records, { all })
  return { steps, records, plan, cost: costOf(records), estimate: plan.estimate }
}

function describeNoResult(task: Task): string {
  if (isOpenTask(task)) return `task ${task.id} is ${task.status}; its result comes when it has succeeded`
  if (task.status === 'cancelled') return `task ${task.id} was cancelled and has no result: ${task.reason}`
  if (task.status === 'succeeded') return ''
  return `task ${task.id} ${task.status} and has no result: ${task.error.message}`
}
