import type { Additions, EpochCounters, Subject } from '../domain/statistics.ts'

/** Counters that are only added to. */
export type Statistics = {
  /** Adds all of them at once, or none; answers what the epoch has by then. */
  add(subject: Subject, additions: Additions): Promise<EpochCounters>
  /** For each subject the counters of those epochs that it has any in. */
  find(subjects: readonly Subject[], epochs: readonly number[]): Promise<EpochCounters[][]>
}
