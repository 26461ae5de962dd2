import type { FailureKind } from './failure-kinds.ts'

/**
 * What statistics are kept for: a version of an agent at one capability. Without a version: the counters of older
 * releases, which did not distinguish versions.
 */
export type Subject = { agentId: string; version?: string; capability: string }

/** The result of one attempt of an agent at a capability. */
export type Outcome = {
  /** From 0 (failed) to 1; a success without a rating counts as 1. */
  quality: number
  /** Quality minus the average that all agents reach at the capability. */
  residual: number
  failed: boolean
  /** The kind of failure, which says whether the same call may succeed later; absent for calls that succeeded. */
  kind?: FailureKind
  latencySeconds: number
  costUsd: number
  /** Tokens that language models used. */
  tokens?: number
}

/** Increments of the counters of an epoch; integers, some beyond 2^53. */
export type Additions = { epoch: number; counters: Readonly<Record<string, bigint>> }

/** The counters of an epoch as they are read. */
export type EpochCounters = { epoch: number; counters: Readonly<Record<string, number>> }

/** Histogram buckets per factor of ten: each reaches from a tenth of a decade below its bound to its bound. */
export const BUCKETS_IN_DECADE = 10

/** Buckets in ascending order, each with its upper bound and the weight of its calls; bound 0 holds calls whose value is 0. */
export type Histogram = { bound: number; weight: number }[]
