import { failureOf } from '../../domain/bounded.ts'
import { executionName, isOpenTask, type OpenTask, type Parent } from '../../domain/task.ts'
import { secondsUntil } from '../../domain/times.ts'
import type { Ports } from '../../ports/index.ts'
import { wakeAgain } from '../suspending/wake-again.ts'
import { entryOf } from '../views/queue-entry.ts'
import { cancelOne, type StopNeeds, timeOutOne } from './cancel-task.ts'
import { finishTask } from './finish-task.ts'
import { carryOn, startOrLeave, startUnlimited } from './queue-tasks.ts'
import { startTask } from './start-task.ts'

type Needs = StopNeeds & Pick<Ports, 'values' | 'sharedState' | 'suspensions'>

export type Reconciled = {
  looked: number
  ended: number
  started: number
  /** Age of the oldest queued task; 0 when none waits. */
  oldestQueuedSeconds: number
  failed: { taskId: string; error: string }[]
}

type Sweep = { graceSeconds?: number | undefined; maxSeconds?: number }

/** Younger tasks are skipped: their event may still be in flight. */
const GRACE_SECONDS = 30
const PAGE = 100
const MOST_FAILED_TOLD = 50
/** Step Functions throttles DescribeExecution at a few calls a second for each account. */
const AT_ONCE = 4

/**
 * The safety net for lost status-change events: no task stays open after its execution has ended, and no accepted task stays without an
 * execution. The failure of one task does not stop the sweep, which ends after `maxSeconds`.
 */
export const reconcileTasks =
  (ports: Needs) =>
  async ({ graceSeconds = GRACE_SECONDS, maxSeconds = 90 }: Sweep = {}): Promise<Reconciled> => {
    const started = ports.clock.now().getTime()
    const createdBefore = new Date(started - graceSeconds * 1_000).toISOString()
    const outcome: Reconciled = { looked: 0, ended: 0, started: 0, oldestQueuedSeconds: 0, failed: [] }
    const waiting = new Set<string>()
    let after: OpenTask | undefined
    do {
      const page = await ports.tasks.listOpenTasks({
        createdBefore,
        limit: PAGE,
        ...(after ? { after } : {}),
      })
      for (let at = 0; at < page.length; at += AT_ONCE) {
        await Promise.all(page.slice(at, at + AT_ONCE).map((task) => reconcileInto(outcome, ports, task)))
      }
      for (const task of page) {
        if (task.status !== 'queued') continue
        waiting.add(task.tenant)
        outcome.oldestQueuedSeconds = Math.max(outcome.oldestQueuedSeconds, waitedSeconds(ports, task))
      }
      after = page.length === PAGE ? page.at(-1) : undefined
    } while (after && ports.clock.now().getTime() - started < maxSeconds * 1_000)
    for (const tenant of waiting)
      if (ports.queue.mostOf(tenant) !== undefined) await carryOnInto(outcome, ports, tenant)
    return outcome
  }

const waitedSeconds = ({ clock }: Needs, { retries, createdAt }: OpenTask): number =>
  Math.max(0, Math.round((clock.now().getTime() - Date.parse(retries?.at(-1)?.at ?? createdAt)) / 1_000))

async function carryOnInto(outcome: Reconciled, ports: Needs, tenant: string): Promise<void> {
  try {
    await carryOn(ports, tenant)
  } catch (error) {
    noteFailed(outcome, `queue of ${tenant}`, error)
  }
}

async function reconcileInto(outcome: Reconciled, ports: Needs, task: OpenTask): Promise<void> {
  outcome.looked += 1
  try {
    const done = await reconcileTask(ports, task)
    if (done) outcome[done] += 1
  } catch (error) {
    noteFailed(outcome, task.id, error)
  }
}

/** Logs only the first failure: if the store is out of reach, all tasks fail alike. */
function noteFailed({ failed }: Reconciled, taskId: string, error: unknown): void {
  if (failed.length < MOST_FAILED_TOLD) failed.push({ taskId, error: failureOf(error).message })
}

async function reconcileTask(ports: Needs, task: OpenTask): Promise<'ended' | 'started' | undefined> {
  const name = executionName(task)
  const isLate = task.deadline !== undefined && secondsUntil(task.deadline, ports.clock.now()) <= 0
  if (task.status === 'queued' && !isLate) {
    // Queued under a limit that the stage no longer has.
    if (ports.queue.mostOf(task.tenant) === undefined)
      return (await startUnlimited(ports, task)) ? 'started' : undefined
    await ports.queue.add(task.tenant, entryOf(task))
    return undefined
  }
  const execution = await ports.executions.find({ stateMachineArn: task.stateMachineArn, name })
  if (task.status === 'waiting' && execution?.status === 'RUNNING') await wakeAgain(ports, task)
  if (task.parent && (!execution || execution.status === 'RUNNING'))
    return reconcileChild(ports, task, task.parent)
  // Past the deadline agents stop by themselves, but waiting states do not.
  if (isLate && (!execution || execution.status === 'RUNNING'))
    return (await timeOutOne(ports, task)) ? 'ended' : undefined
  if (!execution) {
    await (ports.queue.mostOf(task.tenant) === undefined ? startTask : startOrLeave)(ports, task)
    return 'started'
  }
  const { status } = execution
  if (status === 'RUNNING') return undefined
  return (await finishTask(ports)({ name, ended: { ...execution, status } })) ? 'ended' : undefined
}

/** A child is started by its parent's state, and is obsolete once its parent has ended. */
async function reconcileChild(ports: Needs, task: OpenTask, parent: Parent): Promise<'ended' | undefined> {
  const above = await ports.tasks.findTask(parent.taskId)
  if (above && isOpenTask(above)) return undefined
  const reason = `its parent ${parent.taskId} has ended (${above?.status ?? 'unknown'})`
  return (await cancelOne(ports, task, reason)) ? 'ended' : undefined
}
