/**
 * Whether an agent is asked at all: one that has just failed again and again gets a rest, and then one call on trial at a time.
 *
 * Invariants (tests cite them):
 * K1 of all that hear of failures at once, one opens the breaker: an opening is a new generation
 * K2 while it is open at most one call on trial runs; a trial whose caller has died is over when its lease is
 * K3 a call that began before the breaker opened, or on a trial that is over, neither closes nor opens it again
 * K4 each opening in a row lasts twice as long as the one before, up to a bound; a trial that succeeds ends the row
 */

/** As it is kept. Times in seconds since 1970. */
export type Breaker = {
  /** Counts openings and closings: what a call knows of it may be of an earlier one. */
  generation: number
  state: 'closed' | 'open'
  consecutiveFailures: number
  /** Openings in a row. */
  openings: number
  openUntil: number
  /** The trial that is under way, and when it is given up. */
  trial?: { id: string; until: number }
}

/** What a call was let through as: of which generation, and on which trial. */
export type Pass = { generation: number; trialId?: string }

export const CLOSED: Breaker = {
  generation: 0,
  state: 'closed',
  consecutiveFailures: 0,
  openings: 0,
  openUntil: 0,
}

const MOST_FAILURES = 5
const FIRST_OPEN_SECONDS = 20
const LONGEST_OPEN_SECONDS = 300

/** Whether a call may be made now, and whether it would be on trial. */
export function admission(breaker: Breaker, now: number): 'free' | 'trial' | 'refused' {
  if (breaker.state === 'closed') return 'free'
  const isTried = breaker.trial !== undefined && breaker.trial.until > now
  return now < breaker.openUntil || isTried ? 'refused' : 'trial'
}

/** The breaker with a trial under way (K2); only where `admission` says so. */
export function beginTrial(breaker: Breaker, id: string, until: number): Breaker {
  return { ...breaker, trial: { id, until } }
}

/** The breaker after a call has ended; the same one where the call says nothing about it (K3). */
export function afterCall(breaker: Breaker, pass: Pass, succeeded: boolean, now: number): Breaker {
  if (pass.generation !== breaker.generation) return breaker
  if (breaker.state === 'open') {
    if (pass.trialId === undefined || breaker.trial?.id !== pass.trialId) return breaker
    return succeeded ? { ...CLOSED, generation: breaker.generation + 1 } : opened(breaker, now)
  }
  if (succeeded) return breaker.consecutiveFailures === 0 ? breaker : { ...breaker, consecutiveFailures: 0 }
  const consecutiveFailures = breaker.consecutiveFailures + 1
  return consecutiveFailures >= MOST_FAILURES ? opened(breaker, now) : { ...breaker, consecutiveFailures }
}

/** K4. */
function opened({ generation, openings }: Breaker, now: number): Breaker {
  const seconds = Math.min(LONGEST_OPEN_SECONDS, FIRST_OPEN_SECONDS * 2 ** openings)
  return {
    generation: generation + 1,
    state: 'open',
    consecutiveFailures: 0,
    openings: openings + 1,
    openUntil: now + seconds,
  }
}
