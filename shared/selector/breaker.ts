/**
 * Whether an agent is asked at all: one that has just failed again and again gets a rest, and then one call on trial at a time.
 *
 * Invariants (tests cite them):
 * breaker/K1 of all that hear of failures at once, one opens the breaker: an opening is a new generation
 * breaker/K2 while it is open at most one call on trial runs; a trial whose caller has died is over when its lease is
 * breaker/K3 a call that began before the breaker opened, or on a trial that is over, neither closes nor opens it again; nor does one of which
 *    nothing is known: a trial that was not made is over
 * breaker/K4 each opening in a row lasts twice as long as the one before, up to a bound; a trial that succeeds ends the row
 * breaker/K5 at most half of those that could do the same are held back at once; so whoever is alone never is
 * breaker/K6 failures are in a row when no call has succeeded between them, also among calls that run side by side: a success need not be
 *    told, for it is counted
 */
import { type Breaker, CLOSED, type Tally } from '../domain/breaker.ts'

/** What a call was let through as: of which generation, and on which trial. */
export type Pass = { generation: number; trialId?: string }

/** How a call has ended, and how its agent has done lately: the share of failures, of how many calls; and those that have succeeded. */
export type CallEnd = { succeeded: boolean; lately?: { failures: number; calls: number; tally?: Tally } }

const MOST_FAILURES = 5
const MOST_FAILED_SHARE = 0.5
/** Fewer calls make no share. */
const LEAST_CALLS = 10
/** After it has closed only failures in a row count for so long: the share still remembers what it had opened for. */
const FORGIVING_SECONDS = 900
const FIRST_OPEN_SECONDS = 20
const LONGEST_OPEN_SECONDS = 300
/** The longest call of an agent, its way there and back. */
const LONGEST_TRIAL_SECONDS = 1_000

/** Whether a call may be made now, and whether it would be on trial. */
export function admission(breaker: Breaker, now: number): 'free' | 'trial' | 'refused' {
  if (breaker.state === 'closed') return 'free'
  const isTried = breaker.trial !== undefined && isAhead(breaker.trial.until, now, LONGEST_TRIAL_SECONDS)
  return isAhead(breaker.openUntil, now, LONGEST_OPEN_SECONDS) || isTried ? 'refused' : 'trial'
}

/** A time further ahead than it was ever set was set by a clock that has gone back since: nobody waits for that. */
const isAhead = (until: number, now: number, longest: number): boolean =>
  now < until && until - now <= longest

/** The breaker with a trial under way (breaker/K2); only where `admission` says so. */
export function beginTrial(breaker: Breaker, id: string, until: number): Breaker {
  return { ...breaker, trial: { id, until } }
}

/**
 * The breaker after a call has ended; the same one where the call says nothing about it (breaker/K3). Without an end the call was let through
 * and not made, or was no test of the agent.
 */
export function afterCall(breaker: Breaker, pass: Pass, end: CallEnd | undefined, now: number): Breaker {
  if (pass.generation !== breaker.generation) return breaker
  const isOnTrial = pass.trialId !== undefined && breaker.trial?.id === pass.trialId
  if (!end) return isOnTrial ? withoutTrial(breaker) : breaker
  const { succeeded, lately } = end
  if (breaker.state === 'open') {
    if (!isOnTrial) return breaker
    return succeeded ? { ...CLOSED, generation: breaker.generation + 1, closedAt: now } : opened(breaker, now)
  }
  if (succeeded) return breaker.consecutiveFailures === 0 ? breaker : { ...breaker, consecutiveFailures: 0 }
  const consecutiveFailures = isRowBroken(breaker, lately) ? 1 : breaker.consecutiveFailures + 1
  if (consecutiveFailures >= MOST_FAILURES || failsOften(breaker, lately, now)) return opened(breaker, now)
  return { ...breaker, consecutiveFailures, ...(lately?.tally ? { row: lately.tally } : {}) }
}

/**
 * The same for a call whose caller has died: what it was let through as follows from when it began, and the id that its trial would
 * have had.
 */
export function afterLostCall(
  breaker: Breaker,
  { beganAt, trialId }: { beganAt: number; trialId: string },
  end: CallEnd,
  now: number,
): Breaker {
  const isOld = breaker.state === 'closed' && beganAt < (breaker.closedAt ?? 0)
  return isOld ? breaker : afterCall(breaker, { generation: breaker.generation, trialId }, end, now)
}

/** breaker/K6. */
function isRowBroken({ row }: Breaker, lately: CallEnd['lately']): boolean {
  const tally = lately?.tally
  return row !== undefined && tally?.of === row.of && tally.successes > row.successes
}

/** Of those that could do the same, who is not asked now: the longest closed off first (breaker/K5). */
export function heldBack(breakers: ReadonlyMap<string, Breaker>, now: number): Set<string> {
  const refused = [...breakers].filter(([, breaker]) => admission(breaker, now) === 'refused')
  refused.sort(([a, { openUntil: first }], [b, { openUntil: second }]) =>
    first === second ? (a < b ? -1 : 1) : second - first,
  )
  return new Set(refused.slice(0, Math.floor(breakers.size / 2)).map(([id]) => id))
}

function withoutTrial({ trial: _, ...breaker }: Breaker): Breaker {
  return breaker
}

function failsOften({ closedAt = 0 }: Breaker, lately: CallEnd['lately'], now: number): boolean {
  if (!lately || now - closedAt < FORGIVING_SECONDS) return false
  return lately.calls >= LEAST_CALLS && lately.failures >= MOST_FAILED_SHARE
}

/** breaker/K4. */
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
