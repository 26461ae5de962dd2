import { executionName, type OpenTask } from '../domain/task.ts'
import type { Ports } from '../ports/index.ts'
import { finishTask } from './finish-task.ts'
import { startTask } from './submit-task.ts'

type Needs = Pick<Ports, 'tasks' | 'bus' | 'executions' | 'clock'>

export type Reconciled = {
  looked: number
  ended: number
  started: number
  failed: { taskId: string; error: string }[]
}

/** A task younger than this is left to the ordinary way: its event may simply be under way. */
const GRACE_SECONDS = 30
const MAX_TASKS = 200

/**
 * The guarantee behind the status-change event: no task stays open after its execution has ended, and none that was
 * accepted stays without an execution. One task's trouble does not keep the others waiting.
 */
export const reconcileTasks =
  (ports: Needs) =>
  async ({ graceSeconds = GRACE_SECONDS }: { graceSeconds?: number } = {}): Promise<Reconciled> => {
    const createdBefore = new Date(ports.clock.now().getTime() - graceSeconds * 1_000).toISOString()
    const open = await ports.tasks.listOpenTasks({ createdBefore, limit: MAX_TASKS })
    const outcome: Reconciled = { looked: open.length, ended: 0, started: 0, failed: [] }
    for (const task of open) {
      try {
        const done = await reconcileTask(ports, task)
        if (done) outcome[done] += 1
      } catch (error) {
        outcome.failed.push({
          taskId: task.id,
          error: error instanceof Error ? error.message : String(error),
        })
      }
    }
    return outcome
  }

async function reconcileTask(ports: Needs, task: OpenTask): Promise<'ended' | 'started' | undefined> {
  const name = executionName(task)
  const execution = await ports.executions.find({ stateMachineArn: task.stateMachineArn, name })
  if (!execution) {
    await startTask(ports, task)
    return 'started'
  }
  const { status } = execution
  if (status === 'RUNNING') return undefined
  return (await finishTask(ports)({ name, ended: { ...execution, status } })) ? 'ended' : undefined
}
