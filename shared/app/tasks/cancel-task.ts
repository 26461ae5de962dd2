import type { TaskView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { taskEvent } from '../../domain/events-of-task.ts'
import { isFinalStepStatus } from '../../domain/step.ts'
import { type EndedTask, executionName, isOpenTask, type OpenTask, type Task } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'
import { closeBudgetOf } from '../limits/close-budget-of.ts'
import { costOf } from '../limits/cost-of-steps.ts'
import { getTask, type TaskRef } from '../views/get-task.ts'
import { taskView } from '../views/task-views.ts'
import { leaveQueue, type QueueNeeds } from './queue-tasks.ts'

export type StopNeeds = QueueNeeds & Pick<Ports, 'steps' | 'waits'>

/**
 * Cancels a task: the record first, because running agents watch it and an execution that ends later must find the task ended; then its
 * execution and its children. Throws ConflictError when the task has ended already.
 */
export const cancelTask =
  (ports: StopNeeds) =>
  async ({ id, reason }: TaskRef & { reason: string }, caller: Caller): Promise<TaskView> => {
    const task = await getTask(ports, id, caller)
    if (!isOpenTask(task)) {
      // A repeated call completes a cancellation that was interrupted after its first write.
      if (task.status === 'cancelled') {
        await stopAll(ports, task, task.reason)
        await ports.tasks.settleTask(task)
      }
      throw alreadyEnded(task.id, task.status)
    }
    const cancelled = await cancelOne(ports, task, reason)
    if (!cancelled) throw alreadyEnded(task.id, (await getTask(ports, id, caller)).status)
    return taskView(cancelled)
  }

/** Undefined when the task has ended meanwhile. `next`: whether the next queued task starts in its slot. */
export function cancelOne(
  ports: StopNeeds,
  task: OpenTask,
  reason: string,
  { next = true } = {},
): Promise<EndedTask | undefined> {
  return stopOne(ports, task, { status: 'cancelled', reason }, { next })
}

/** The same for a task past its deadline. */
export function timeOutOne(ports: StopNeeds, task: OpenTask): Promise<EndedTask | undefined> {
  const message = `the task's deadline, ${task.deadline}, has passed`
  return stopOne(ports, task, { status: 'timed_out', error: { name: 'DeadlineExceededError', message } })
}

type Stop =
  | { status: 'cancelled'; reason: string }
  | { status: 'timed_out'; error: { name: string; message: string } }

async function stopOne(
  ports: StopNeeds,
  task: OpenTask,
  stop: Stop,
  { next = true } = {},
): Promise<EndedTask | undefined> {
  const endedAt = ports.clock.now().toISOString()
  const cost = costOf(await ports.steps.listSteps(task.id))
  const stopped = { ...task, ...stop, endedAt, cost }
  if (!(await ports.tasks.endTask(stopped))) return undefined
  await stopAll(ports, task, stop.status === 'cancelled' ? stop.reason : stop.error.message)
  await leaveQueue(ports, stopped, { next })
  if (task.status === 'waiting') await ports.waits.clearWaits(task.id, task.execution)
  await ports.bus.publish([taskEvent(stopped)])
  // Steps that start before the execution ends get their expiry when finishTask processes that end.
  await ports.tasks.settleTask(stopped)
  return stopped
}

/** Step Functions stops the executions of children best-effort; their tasks must be ended here. */
async function stopAll(ports: StopNeeds, task: Task, reason: string): Promise<void> {
  await ports.executions.stop({ stateMachineArn: task.stateMachineArn, name: executionName(task) }, reason)
  const steps = await ports.steps.listSteps(task.id)
  const running = steps.filter(({ child, status }) => child !== undefined && !isFinalStepStatus(status))
  // If a retry has reopened the task, the children belong to it.
  const now = await ports.tasks.findTask(task.id)
  if (!now || now.execution > task.execution) return
  await Promise.all(
    running.map(async ({ child = '' }) => {
      const found = await ports.tasks.findTask(child)
      if (found && isOpenTask(found)) await cancelOne(ports, found, `its parent was cancelled: ${reason}`)
    }),
  )
  await closeBudgetOf(ports, task)
}

function alreadyEnded(taskId: string, status: string): OrchestratorError {
  const message = `task ${taskId} has ended already (${status}); only a task that is still open can be cancelled`
  return new OrchestratorError('ConflictError', message, { taskId, status })
}
