import type { Suspended } from '../../domain/suspension.ts'
import { millisecondsBetween } from '../../domain/times.ts'
import type { Situation, Waiting } from './suspending-part.ts'

/** What the record keeps of the suspension before, from the call at `startedAt` on: the agent goes on from it, or nobody does. */
export function suspendedAt(
  situation: Exclude<Situation, Waiting> | undefined,
  startedAt: string,
): Suspended | undefined {
  if (situation?.kind === 'begins')
    return situation.abandoned && { ...situation.abandoned, resumedAt: startedAt }
  if (!situation) return undefined
  const { suspended, by } = situation
  if (suspended.resumedAt !== undefined) return suspended
  const waitedMs = suspended.waitedMs + millisecondsBetween(suspended.since, startedAt)
  return { ...suspended, resumedAt: startedAt, by, waitedMs }
}
