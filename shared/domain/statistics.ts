/** Whose doings are counted: an agent's, at one capability. */
export type Subject = { agentId: string; capability: string }

/** How one attempt of an agent at a capability went. */
export type Outcome = {
  /** From 0, failed, to 1; what is not rated is 1 when it succeeded. */
  quality: number
  /** The same less what was to be expected of the capability, whoever does it. */
  residual: number
  failed: boolean
  /** Whether the same agent is asked again after such a failure. */
  retryable?: boolean
  latencySeconds: number
  costUsd: number
  /** Of language models. */
  tokens?: number
}

/** Additions to the counters of an epoch; integers, some beyond 2^53. */
export type Additions = { epoch: number; counters: Readonly<Record<string, bigint>> }

/** The counters of an epoch as they are read. */
export type EpochCounters = { epoch: number; counters: Readonly<Record<string, number>> }

/** How wide the buckets of histograms are: each reaches from a tenth of a decade below its bound to its bound. */
export const BUCKETS_IN_DECADE = 10

/** What the weight of the calls in each bucket is, and its upper bound, from the lowest on; 0 is of calls without any. */
export type Histogram = { bound: number; weight: number }[]
