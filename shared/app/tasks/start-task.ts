import { isOrchestratorError } from '../../domain/errors.ts'
import { taskEvent } from '../../domain/events-of-task.ts'
import { executionName, type OpenTask } from '../../domain/task.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { executionInput } from './store-task.ts'

/**
 * Starts the execution of a stored task; idempotent, because the execution's name is derived from the task. A task that can never be
 * started ends as failed, and the error is thrown.
 */
export async function startTask(
  ports: Pick<Ports, 'tasks' | 'plans' | 'executions' | 'clock' | 'bus'>,
  task: OpenTask,
  planned?: Plan,
): Promise<void> {
  const plan = planned ?? (await ports.plans.getPlan(task.id, task.execution))
  const execution = { stateMachineArn: task.stateMachineArn, name: executionName(task) }
  try {
    await ports.executions.start({ ...execution, input: executionInput(plan) })
  } catch (error) {
    // Throttled or temporarily out of reach: the reconciler starts stored tasks that have no execution (submit/S1).
    if (isOrchestratorError(error, 'UnavailableError', 'TooManyRequestsError')) return
    await failUnstarted(ports, task, error)
    throw error
  }
  // Cancelled after being stored, when there was no execution to stop yet.
  const now = await ports.tasks.findTask(task.id)
  if (now?.status === 'cancelled') await ports.executions.stop(execution, now.reason)
}

async function failUnstarted(
  { tasks, bus, clock }: Pick<Ports, 'tasks' | 'clock' | 'bus'>,
  task: OpenTask,
  cause: unknown,
): Promise<void> {
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause))
  const error = { name, message: `its execution could not be started: ${message}` }
  const failed = { ...task, status: 'failed' as const, endedAt: clock.now().toISOString(), error }
  if (!(await tasks.endTask(failed))) return
  await bus.publish([taskEvent(failed)])
  await tasks.settleTask(failed)
}
