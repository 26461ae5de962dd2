import type { StepView, TaskView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { type DomainEvent, eventsOfTask } from '../../domain/event.ts'
import type { Json } from '../../domain/json.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { type Degraded, isOpenTask, type Task } from '../../domain/task.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { costOf } from '../limits/cost-of-steps.ts'
import { viewBudget } from '../limits/view-budget.ts'
import { entryOf } from './queue-tasks.ts'
import { degradedIn, stepViews, taskView } from './views.ts'

type Needs = Pick<Ports, 'tasks' | 'plans' | 'steps' | 'values'>
export type TaskRef = { id: string }

/** Throws NotFoundError, also for a task of another tenant. */
export async function getTask(
  { tasks }: Pick<Ports, 'tasks'>,
  id: string,
  { tenant }: Caller,
): Promise<Task> {
  const task = await tasks.findTask(id)
  if (task && task.tenant === tenant) return task
  throw new OrchestratorError('NotFoundError', `there is no task ${id}`, { taskId: id })
}

export const showTask =
  (ports: Needs & Pick<Ports, 'budgets' | 'queue' | 'clock'>) =>
  async ({ id }: TaskRef, caller: Caller): Promise<TaskView & { steps: StepView[] }> => {
    const task = await getTask(ports, id, caller)
    const [{ steps, cost, estimate }, budget] = await Promise.all([
      readSteps(ports, task),
      task.budget ? viewBudget(ports, task) : undefined,
    ])
    const position =
      task.status === 'queued' ? await ports.queue.countBefore(task.tenant, entryOf(task)) : undefined
    return withoutUndefined({
      ...taskView(task),
      queue: position === undefined ? undefined : { position: position + 1 },
      ...(cost.usd > 0 || cost.tokens > 0 ? { cost } : {}),
      budget,
      estimate,
      steps,
    })
  }

/** One step, with the decision for its agent and its output. Throws NotFoundError naming the steps of the task. */
export const showTaskStep =
  (ports: Needs) =>
  async ({ id, stepId }: TaskRef & { stepId: string }, caller: Caller): Promise<StepView> => {
    const task = await getTask(ports, id, caller)
    const [steps, [record]] = await Promise.all([
      stepsOf(ports, task, { all: true }),
      ports.steps.findSteps(task.id, [stepId]),
    ])
    const step = steps.find((one) => one.stepId === stepId)
    if (step) {
      const output = record?.output && (await ports.values.loadValue(record.output))
      return { ...step, ...(output === undefined ? {} : { output }) }
    }
    const known = suggestNames(
      stepId,
      steps.map((one) => one.stepId),
    )
    throw new OrchestratorError('NotFoundError', `task ${id} has no step "${stepId}"${known}`, { stepId })
  }

export const showTaskSteps =
  (ports: Needs) =>
  async ({ id }: TaskRef, caller: Caller): Promise<{ steps: StepView[] }> => ({
    steps: await stepsOf(ports, await getTask(ports, id, caller), { all: true }),
  })

export const showTaskStatus =
  (ports: Needs) =>
  async ({ id }: TaskRef, caller: Caller) => {
    const task = await getTask(ports, id, caller)
    const steps = await stepsOf(ports, task)
    const counts = Map.groupBy(steps, ({ status }) => status)
    return {
      taskId: task.id,
      status: task.status,
      steps: Object.fromEntries([...counts].map(([status, members]) => [status, members.length])),
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

export const showTaskEvents =
  (ports: Needs) =>
  async ({ id }: TaskRef, caller: Caller): Promise<{ events: DomainEvent[] }> => {
    const task = await getTask(ports, id, caller)
    return { events: eventsOfTask(task, await ports.steps.listSteps(task.id)) }
  }

async function stepsOf(ports: Needs, task: Task, options: { all?: boolean } = {}): Promise<StepView[]> {
  return (await readSteps(ports, task, options)).steps
}

async function readSteps(ports: Needs, task: Task, options: { all?: boolean } = {}) {
  const [plan, records] = await Promise.all([
    ports.plans.getPlan(task.id, task.execution),
    ports.steps.listSteps(task.id),
  ])
  const steps = stepViews(task, plan, records, options)
  return { steps, cost: costOf(records), estimate: plan.estimate }
}

function describeNoResult(task: Task): string {
  if (isOpenTask(task)) return `task ${task.id} is ${task.status}; its result comes when it has succeeded`
  if (task.status === 'cancelled') return `task ${task.id} was cancelled and has no result: ${task.reason}`
  if (task.status === 'succeeded') return ''
  return `task ${task.id} ${task.status} and has no result: ${task.error.message}`
}
