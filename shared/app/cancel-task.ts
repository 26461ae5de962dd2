import type { TaskView } from '../contracts/views.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { taskEvent } from '../domain/event.ts'
import { isFinalStepStatus } from '../domain/step.ts'
import { type EndedTask, executionName, isOpenTask, type OpenTask, type Task } from '../domain/task.ts'
import type { Ports } from '../ports/index.ts'
import { getTask, type TaskRef } from './read-tasks.ts'
import { taskView } from './views.ts'

type Needs = Pick<Ports, 'tasks' | 'executions' | 'bus' | 'clock'>

/**
 * The task is cancelled first, then its execution is stopped: running agents watch the task, and an execution that
 * ends afterwards finds the task ended. Then the same for its children. Throws ConflictError when the task has ended already.
 */
export const cancelTask =
  (ports: Needs) =>
  async ({ reason, ...ref }: TaskRef & { reason: string }): Promise<TaskView> => {
    const task = await getTask(ports, ref)
    if (!isOpenTask(task)) {
      // A cancel that was cut short after its first write is finished by its repeat.
      if (task.status === 'cancelled') await stopAll(ports, task, task.reason)
      throw alreadyEnded(task.id, task.status)
    }
    const cancelled = await cancelOne(ports, task, reason)
    if (!cancelled) throw alreadyEnded(task.id, (await getTask(ports, ref)).status)
    return taskView(cancelled)
  }

/** Undefined when it has ended meanwhile. */
export async function cancelOne(
  ports: Needs,
  task: OpenTask,
  reason: string,
): Promise<EndedTask | undefined> {
  const endedAt = ports.clock.now().toISOString()
  const cancelled = { ...task, status: 'cancelled' as const, endedAt, reason }
  if (!(await ports.tasks.endTask(cancelled))) return undefined
  await stopAll(ports, task, reason)
  await ports.bus.publish([taskEvent(cancelled)])
  return cancelled
}

/** Step Functions stops the executions of children as well as it can; their tasks are ours to end. */
async function stopAll(ports: Needs, task: Task, reason: string): Promise<void> {
  await ports.executions.stop({ stateMachineArn: task.stateMachineArn, name: executionName(task) }, reason)
  const steps = await ports.tasks.listSteps(task.id)
  const running = steps.filter(({ child, status }) => child !== undefined && !isFinalStepStatus(status))
  await Promise.all(
    running.map(async ({ child = '' }) => {
      const found = await ports.tasks.findTask(child)
      if (found && isOpenTask(found)) await cancelOne(ports, found, `its parent was cancelled: ${reason}`)
    }),
  )
}

function alreadyEnded(taskId: string, status: string): OrchestratorError {
  const message = `task ${taskId} has ended already (${status}); only a task that is still open can be cancelled`
  return new OrchestratorError('ConflictError', message, { taskId, status })
}
