/**
 * Invariants (tests cite them):
 * leave/V1 a suspended step whose agent cannot be called waits no more when another agent has it, or when it has ended; the same agent goes on from where it
 *    was
 * leave/V2 a suspended step whose agent is busy, throttled or refused waits for that agent, which alone knows its state
 */
import type { RebindAnswer } from '../../contracts/step-payload.ts'
import type { StepRecord } from '../../domain/step.ts'
import { isSuspended } from '../../domain/suspension.ts'
import { endWait } from '../waits/waiting.ts'

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

/** Whether the step's agent is to go on from a suspension (leave/V2). */
export function isToResume({ suspended, agentId }: StepRecord): boolean {
  const isLeft = suspended?.resumedAt !== undefined && suspended.by === undefined
  return suspended !== undefined && !isLeft && suspended.agentId === agentId
}
