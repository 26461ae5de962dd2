/**
 * The circuit breaker of an agent: after repeated failures it opens, and then admits one trial call at a time (half-open).
 *
 * Invariants (tests cite them):
 * breaker/K1 of concurrent reports of failures one opens the breaker: an opening is a new generation
 * breaker/K2 while it is open at most one trial call runs; the trial of a crashed caller ends with its lease
 * breaker/K3 a call that began before the breaker opened, or on a trial that is over, neither closes nor reopens it; neither does a call
 *    without an outcome: a trial call that was not made just ends the trial
 * breaker/K4 each consecutive opening lasts twice as long as the one before, up to a bound (exponential backoff); a successful trial ends
 *    the series
 * breaker/K5 at most half of the agents with the same capability are held back at once, so an agent without rivals never is
 * breaker/K6 failures are consecutive when no call has succeeded between them, also among concurrent calls: a success need not be reported
 *    to the breaker, because the statistics count it
 * breaker/K7 a configuration error, a refused input or an output that its step's `evaluate` refuses is not reported here: waiting would not help
 * breaker/K8 a new version of an agent begins with a closed breaker; calls of another version change nothing
 * breaker/K9 a failed probe of an agent elsewhere counts as a failed call, and keeps an open breaker open whose time is over; a probe closes none
 */
import { type Breaker, CLOSED, type Tally } from '../domain/breaker.ts'

/** The admission of a call: the breaker's generation at that time, and the trial it runs as. */
export type Pass = { generation: number; trialId?: string }

/** The outcome of a call, and the agent's recent failures and calls; `tally` counts its successes. */
export type CallEnd = { succeeded: boolean; lately?: { failures: number; calls: number; tally?: Tally } }

const MOST_FAILURES = 5
const MOST_FAILED_SHARE = 0.5
/** The fewest calls for which the failure rate counts. */
const LEAST_CALLS = 10
/** For this time after closing only consecutive failures count: the failure rate still includes the failures before the opening. */
const FORGIVING_SECONDS = 900
const FIRST_OPEN_SECONDS = 20
const LONGEST_OPEN_SECONDS = 300
/** The longest call of an agent, including latency. */
const LONGEST_TRIAL_SECONDS = 1_000

/** The breaker as it is for a version of the agent: closed, in the next generation, while it counts another's calls (breaker/K8). */
export function breakerOf(breaker: Breaker, version: string): Breaker {
  if (breaker.version === undefined || breaker.version === version) return breaker
  return { ...CLOSED, generation: breaker.generation + 1, version }
}

/** Whether a call is admitted now, and whether as a trial. */
export function admission(breaker: Breaker, now: number): 'free' | 'trial' | 'refused' {
  if (breaker.state === 'closed') return 'free'
  const isTried = breaker.trial !== undefined && isAhead(breaker.trial.until, now, LONGEST_TRIAL_SECONDS)
  return isAhead(breaker.openUntil, now, LONGEST_OPEN_SECONDS) || isTried ? 'refused' : 'trial'
}

/** A time further ahead than it could have been set comes from a clock that was set back since, and is ignored. */
const isAhead = (until: number, now: number, longest: number): boolean =>
  now < until && until - now <= longest

/** The breaker with a trial in progress (breaker/K2); to be used only when `admission` says `trial`. */
export function beginTrial(breaker: Breaker, id: string, until: number): Breaker {
  return { ...breaker, trial: { id, until } }
}

/**
 * The breaker after a call; unchanged when the call says nothing about the agent (breaker/K3). Without `end` the call was admitted but not
 * made, or its outcome is not the agent's.
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
 * The same for a call whose caller has crashed: its admission is derived from when it began, and from the id that its trial would have.
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

/** The breaker after a probe that has failed (breaker/K9). */
export function afterFailedProbe(breaker: Breaker, now: number): Breaker {
  if (breaker.state === 'open') return admission(breaker, now) === 'trial' ? opened(breaker, now) : breaker
  const consecutiveFailures = breaker.consecutiveFailures + 1
  return consecutiveFailures >= MOST_FAILURES ? opened(breaker, now) : { ...breaker, consecutiveFailures }
}

/** breaker/K6. */
function isRowBroken({ row }: Breaker, lately: CallEnd['lately']): boolean {
  const tally = lately?.tally
  return row !== undefined && tally?.of === row.of && tally.successes > row.successes
}

/** Which of the rival agents are held back now: those that have been open longest first (breaker/K5). */
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
