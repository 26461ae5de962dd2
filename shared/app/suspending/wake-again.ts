import { runKey, type Task } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'

/** A wake that is younger may be sent by who has brought it; an older one was sent again by the sweeps before. */
const YOUNGEST_SECONDS = 20
const OLDEST_SECONDS = 600

/**
 * Sends the tokens of steps again that were woken lately, because who has woken them may have died before he sent them (suspending/V2). A token that is used up
 * does no harm. Returns how many were sent.
 */
export async function wakeAgain(
  { suspensions, executions, clock }: Pick<Ports, 'suspensions' | 'executions' | 'clock'>,
  { id: taskId, execution }: Pick<Task, 'id' | 'execution'>,
): Promise<number> {
  const before = (seconds: number): string => new Date(clock.now().getTime() - seconds * 1_000).toISOString()
  const lately = { since: before(OLDEST_SECONDS), by: before(YOUNGEST_SECONDS) }
  const tokens = await suspensions.listWoken(runKey({ taskId, execution }), lately)
  for (const token of tokens) await executions.wake(token)
  return tokens.length
}
