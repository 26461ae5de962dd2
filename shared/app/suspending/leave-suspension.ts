/**
 * Invariants (tests cite them):
 * leave/V1 a suspended step whose agent cannot be called waits no more when another agent has it, or when it has ended; the same agent goes on from where it
 *    was
 */
import type { RebindAnswer } from '../../contracts/step-payload.ts'
import type { StepRecord } from '../../domain/step.ts'
import { isSuspended } from '../../domain/suspension.ts'
import { endWait } from '../control/waiting.ts'

/** Ends the wait of a suspended step whose agent cannot be called, unless that agent is to be called again (leave/V1). */
export async function leaveSuspension(
  waiter: Parameters<typeof endWait>[0],
  before: StepRecord | undefined,
  answer: RebindAnswer,
): Promise<void> {
  if (!before || !isSuspended(before)) return
  if ('rebound' in answer && answer.rebound.agentId === before.suspended.agentId) return
  await endWait(waiter)
}
