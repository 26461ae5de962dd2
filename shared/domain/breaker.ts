/**
 * How many calls of one agent at one capability have succeeded within one epoch of its counters; `of` names agent, capability and epoch.
 */
export type Tally = { of: string; successes: number }

/** The stored state of an agent's circuit breaker. Times are in seconds since 1970. */
export type Breaker = {
  /** Counts openings and closings, to detect results of calls that began in an earlier state. */
  generation: number
  /** The version of the agent whose calls it counts; absent in records of older releases. */
  version?: string
  state: 'closed' | 'open'
  consecutiveFailures: number
  /** The counter that the failures in a row belong to, with its successes at the time of the last failure. */
  row?: Tally
  /** Consecutive openings without a closing in between; the open period grows with them. */
  openings: number
  openUntil: number
  /** When a successful trial call last closed the breaker. */
  closedAt?: number
  /** The trial call in progress (half-open), and when it is considered lost. */
  trial?: { id: string; until: number }
}

export const CLOSED: Breaker = {
  generation: 0,
  state: 'closed',
  consecutiveFailures: 0,
  openings: 0,
  openUntil: 0,
}
