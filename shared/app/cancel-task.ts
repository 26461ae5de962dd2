import type { TaskView } from '../contracts/views.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { taskEvent } from '../domain/event.ts'
import { executionName, isOpenTask } from '../domain/task.ts'
import type { Ports } from '../ports/index.ts'
import { getTask, type TaskRef } from './read-tasks.ts'
import { taskView } from './views.ts'

type Needs = Pick<Ports, 'tasks' | 'executions' | 'bus' | 'clock'>

/**
 * The task is cancelled first, then its execution is stopped: running agents watch the task, and an execution that
 * ends afterwards finds the task ended. Throws ConflictError when the task has ended already.
 */
export const cancelTask =
  (ports: Needs) =>
  async ({ reason, ...ref }: TaskRef & { reason: string }): Promise<TaskView> => {
    const task = await getTask(ports, ref)
    const execution = { stateMachineArn: task.stateMachineArn, name: executionName(task) }
    if (!isOpenTask(task)) {
      // A cancel that was cut short after its first write is finished by its repeat.
      if (task.status === 'cancelled') await ports.executions.stop(execution, task.reason)
      throw alreadyEnded(task.id, task.status)
    }
    const cancelled = {
      ...task,
      status: 'cancelled' as const,
      endedAt: ports.clock.now().toISOString(),
      reason,
    }
    if (!(await ports.tasks.endTask(cancelled)))
      throw alreadyEnded(task.id, (await getTask(ports, ref)).status)
    await ports.executions.stop(execution, reason)
    await ports.bus.publish([taskEvent(cancelled)])
    return taskView(cancelled)
  }

function alreadyEnded(taskId: string, status: string): OrchestratorError {
  const message = `task ${taskId} has ended already (${status}); only a task that is still open can be cancelled`
  return new OrchestratorError('ConflictError', message, { taskId, status })
}
