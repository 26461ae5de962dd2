import type { TaskView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { taskEvent } from '../../domain/event.ts'
import { isFinalStepStatus } from '../../domain/step.ts'
import { type EndedTask, executionName, isOpenTask, type OpenTask, type Task } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'
import { closeBudgetOf } from '../limits/close-budget-of.ts'
import { costOf } from '../limits/cost-of-steps.ts'
import { leaveQueue, type QueueNeeds } from './queue-tasks.ts'
import { getTask, type TaskRef } from './read-tasks.ts'
import { taskView } from './views.ts'

export type StopNeeds = QueueNeeds & Pick<Ports, 'steps'>

/**
 * The task is cancelled first, then its execution is stopped: running agents watch the task, and an execution that
 * ends afterwards finds the task ended. Then the same for its children. Throws ConflictError when the task has ended already.
 */
export const cancelTask =
  (ports: StopNeeds) =>
  async ({ id, reason }: TaskRef & { reason: string }, caller: Caller): Promise<TaskView> => {
    const task = await getTask(ports, id, caller)
    if (!isOpenTask(task)) {
      // A cancel that was cut short after its first write is finished by its repeat.
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

/** Undefined when it has ended meanwhile. `next`: whether a task that waits for its turn begins in its place. */
export function cancelOne(
  ports: StopNeeds,
  task: OpenTask,
  reason: string,
  { next = true } = {},
): Promise<EndedTask | undefined> {
  return stopOne(ports, task, { status: 'cancelled', reason }, { next })
}

/** The same for a task whose time is over. */
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
  await ports.bus.publish([taskEvent(stopped)])
  // What begins until its execution has ended is settled with that (finishTask).
  await ports.tasks.settleTask(stopped)
  return stopped
}

/** Step Functions stops the executions of children as well as it can; their tasks are ours to end. */
async function stopAll(ports: StopNeeds, task: Task, reason: string): Promise<void> {
  await ports.executions.stop({ stateMachineArn: task.stateMachineArn, name: executionName(task) }, reason)
  const steps = await ports.steps.listSteps(task.id)
  const running = steps.filter(({ child, status }) => child !== undefined && !isFinalStepStatus(status))
  // A retry may have been faster: those are its children.
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
