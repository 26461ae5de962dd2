/** How many calls have succeeded, of one agent at one capability in one epoch of its counters. */
export type Tally = { of: string; successes: number }

/** Whether an agent is asked at all, as it is kept. Times in seconds since 1970. */
export type Breaker = {
  /** Counts openings and closings: what a call knows of it may be of an earlier one. */
  generation: number
  state: 'closed' | 'open'
  consecutiveFailures: number
  /** What they were failures of, and how many calls of that had succeeded by the last of them. */
  row?: Tally
  /** Openings in a row. */
  openings: number
  openUntil: number
  /** When a trial has closed it last. */
  closedAt?: number
  /** The trial that is under way, and when it is given up. */
  trial?: { id: string; until: number }
}

export const CLOSED: Breaker = {
  generation: 0,
  state: 'closed',
  consecutiveFailures: 0,
  openings: 0,
  openUntil: 0,
}
