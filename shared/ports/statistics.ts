import type { Additions, EpochCounters, Subject } from '../domain/statistics.ts'

/** Counters that only grow, so that concurrent increments commute. */
export type Statistics = {
  /** Whether each tenant has statistics of its own of the agents that all tenants share, as the stage says. */
  readonly ofTenants?: boolean
  /** Adds all increments in one write; returns the counters of the epoch afterwards. */
  add(subject: Subject, additions: Additions): Promise<EpochCounters>
  /** Adds to the counters of an epoch, for a call that ended `at` (seconds since 1970); nothing, where they were reset since. */
  correct(subject: Subject, additions: Additions, at: number): Promise<void>
  /** For each subject the counters of the given epochs, without epochs that have none. */
  find(subjects: readonly Subject[], epochs: readonly number[]): Promise<EpochCounters[][]>
  /** Sets the counters of the given epochs to nothing. */
  reset(subjects: readonly Subject[], epochs: readonly number[]): Promise<void>
}
