/**
 * The status `waiting` of a task: at least one of its steps waits for a person or for time, even if others run.
 *
 * Invariants (tests cite them):
 * waiting/W1 after steps have begun or ended waits, in any order, the task is `waiting` if one of them waits, and else
 *    `running`: every writer of the status reads the waits again afterwards, and corrects it
 * waiting/W2 a call that is repeated after a crash completes the interrupted work
 * waiting/W3 a step that has ended, or whose enclosing item or loop has ended, does not wait: it cannot be answered,
 *    and is in no list
 */
import { enclosingScopes, loopOf, parsePath } from '../../domain/instance-path.ts'
import { isFinalStepStatus } from '../../domain/step.ts'
import { FIRST_EXECUTION } from '../../domain/task.ts'
import type { Ownership, Plan, Ports, Wait } from '../../ports/index.ts'
import { agree, lookAgain } from './agree-on-waiting.ts'

type Waiter = { plan: Plan; own: Ownership; ports: Pick<Ports, 'tasks' | 'waits' | 'steps' | 'clock'> }

/**
 * Records that a step waits. Reads before it writes the task, because thousands of items of a fan-out may wait. False
 * when the step no longer waits: its end, or that of an enclosing item or loop, was recorded concurrently (waiting/W3).
 */
export async function beginWait(waiter: Waiter, wait: Pick<Wait, 'kind' | 'until'>): Promise<boolean> {
  const { ports, plan, own } = waiter
  const { taskId, path } = own
  const since = ports.clock.now().toISOString()
  const { tenant, execution } = runOf(plan)
  await ports.waits.addWait({ taskId, path, tenant, execution, since, ...wait })
  if (await isOvertaken(waiter)) {
    await endRecords(waiter, [path])
    await ports.waits.removeWait({ taskId, path, since })
    await lookAgain(ports, runOf(plan))
    return false
  }
  const task = await ports.tasks.findTask(taskId)
  if (task?.status === 'running' || task?.status === 'planning') await agree(ports, runOf(plan), true)
  return true
}

/** Whether the step has ended, or an enclosing item or loop has ended after the step began. */
async function isOvertaken({ ports, own: { taskId, path, fence } }: Waiter): Promise<boolean> {
  const around = enclosingScopes(parsePath(path).scope).filter((scope) => scope !== '')
  const paths = [...new Set([path, ...around.flatMap((scope) => [scope, loopOf(scope)])])]
  const records = await ports.steps.findSteps(taskId, paths)
  // After a retry or redrive, the record of an enclosing item may still be that of the previous run, with a lower
  // fence.
  return records.some((one) => isFinalStepStatus(one.status) && (one.path === path || one.fence > fence))
}

/** Records that a step no longer waits. */
export async function endWait(waiter: Waiter): Promise<void> {
  const { ports, plan, own } = waiter
  const { taskId, path } = own
  await ports.waits.removeWait({ taskId, path })
  await lookAgain(ports, runOf(plan))
}

/**
 * Ends the waits inside an item or a loop whose body has failed: the waiting states were aborted, and nothing will
 * resume them. The records are finalized before the waits are removed, so that a late answer is refused (waiting/W3).
 */
export async function endWaitsInside(waiter: Waiter): Promise<void> {
  const { ports, plan, own } = waiter
  const { taskId } = own
  const paths = await ports.waits.findWaitsInside(taskId, own.path)
  await endRecords(waiter, paths)
  for (const path of paths) await ports.waits.removeWait({ taskId, path })
  await lookAgain(ports, runOf(plan))
}

async function endRecords({ ports, own: { taskId } }: Waiter, paths: readonly string[]): Promise<void> {
  const endedAt = ports.clock.now().toISOString()
  for (const { path, status, owner, fence } of await ports.steps.findSteps(taskId, paths))
    if (!isFinalStepStatus(status))
      await ports.steps.endStep({ taskId, path, owner, fence }, { status: 'cancelled', endedAt })
}

const runOf = ({ taskId, tenant, execution = FIRST_EXECUTION }: Waiter['plan']) => ({
  id: taskId,
  tenant,
  execution,
})
