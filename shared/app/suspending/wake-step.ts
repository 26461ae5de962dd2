/**
 * Wakes a suspended step: its state goes on, and its agent is called again with what has woken it.
 *
 * Invariants (tests cite them):
 * suspending/V1 each suspension of a step is resumed by exactly one cause: the first whose conditional write succeeds, whoever else comes
 * suspending/V2 none is lost: a wake that comes before its step waits is kept, and resumes it at once; one whose token was not sent is sent again by
 *    whoever brings the same cause again, and at the latest when the wait is over
 * suspending/V3 a step that has ended, or belongs to an execution that has, is not woken; the answer says what has happened
 */
import { isFinalStepStatus, type StepRecord } from '../../domain/step.ts'
import type { WakeCause, Woken } from '../../domain/suspension.ts'
import { isOpenTask, runKey, type Task } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'

type Needs = Pick<Ports, 'suspensions' | 'executions' | 'tasks' | 'steps' | 'clock'>

export type WakeOf = {
  taskId: string
  execution: number
  path: string
  /** Only while this agent has the step; without it, whoever has (callback/C5). */
  agentId?: string
  /** The number of the suspension. */
  n: number
  by: WakeCause
  /** Names what wakes it, so that a repeat of the same is told from another: such as the id of a message. At most 200 characters. */
  cause: string
}

/**
 * `woken`: it was the first, or a repeat of the first. `already`: another one was. `gone`: nothing waits there any more, with the reason, such as
 * `step "build" has failed`.
 */
export type Waking = { kind: 'woken' } | { kind: 'already'; woken: Woken } | { kind: 'gone'; reason: string }

/** Idempotent by `cause`. Throws the errors of the ports. */
export const wakeStep =
  (ports: Needs) =>
  async ({ taskId, execution, path, agentId, n, by, cause }: WakeOf): Promise<Waking> => {
    const { suspensions, executions, clock } = ports
    const reason = await whyGone(ports, {
      taskId,
      execution,
      path,
      n,
      ...(agentId === undefined ? {} : { agentId }),
    })
    const place = { runKey: runKey({ taskId, execution }), path }
    if (reason !== undefined) return answerOf(await suspensions.findWoken(place), { n, cause, reason })
    const wake = await suspensions.wake(place, { n, by, cause, at: clock.now().toISOString() })
    const isOurs = wake.kind === 'woken' || isSame(wake.woken, { n, cause })
    // Sent again where a crash may have lost it (suspending/V2); a token that is used up does no harm.
    if (isOurs && wake.token !== undefined) await executions.wake(wake.token)
    return isOurs ? { kind: 'woken' } : { kind: 'already', woken: wake.woken }
  }

const isSame = (woken: Woken, { n, cause }: { n: number; cause: string }): boolean =>
  woken.n === n && woken.cause === cause

/** A repeat of what has woken the step is told so, also when the step has ended since. */
function answerOf(
  { woken }: { woken?: Woken },
  { n, cause, reason }: { n: number; cause: string; reason: string },
): Waking {
  if (woken && isSame(woken, { n, cause })) return { kind: 'woken' }
  return woken?.n === n ? { kind: 'already', woken } : { kind: 'gone', reason }
}

/** Why a suspension can no longer be woken; undefined where it can, also before the step waits. */
export async function whyGone(
  { tasks, steps }: Pick<Needs, 'tasks' | 'steps'>,
  { taskId, execution, ...waiting }: Pick<WakeOf, 'taskId' | 'execution' | 'path' | 'agentId' | 'n'>,
): Promise<string | undefined> {
  const [task, [record]] = await Promise.all([
    tasks.findTask(taskId),
    steps.findSteps(taskId, [waiting.path]),
  ])
  return ofTask(task, taskId, execution) ?? ofStep(record, waiting)
}

function ofTask(task: Task | undefined, taskId: string, execution: number): string | undefined {
  if (!task) return `there is no task ${taskId}`
  if (!isOpenTask(task)) return `task ${taskId} is ${task.status}`
  return task.execution === execution ? undefined : `task ${taskId} was retried since`
}

function ofStep(
  record: StepRecord | undefined,
  { path, agentId, n }: Pick<WakeOf, 'path' | 'agentId' | 'n'>,
): string | undefined {
  if (!record) return `step "${path}" has not begun`
  if (isFinalStepStatus(record.status)) return `step "${path}" has ended: ${record.status}`
  const { suspended } = record
  if (agentId !== undefined && record.agentId !== undefined && record.agentId !== agentId)
    return `another agent has step "${path}" now`
  if (suspended && suspended.n > n) return `step "${path}" has gone on, and waits for something else`
  // Another agent has begun anew (suspendedAt).
  const isLeft = suspended?.n === n && suspended.resumedAt !== undefined && suspended.by === undefined
  return isLeft ? `step "${path}" was begun anew by another agent at ${suspended.resumedAt}` : undefined
}
