import type { StoredValue } from '../domain/step.ts'
import type { Ownership } from './steps.ts'

/**
 * `first`: nobody has claimed it; `again`: somebody has (at that time), and nobody knows what came of it; `done`: what came of it;
 * `superseded`: a later invocation of the step has.
 */
export type Claim =
  | { kind: 'first' }
  | { kind: 'again'; claimedAt: string }
  | { kind: 'done'; result: StoredValue }
  | { kind: 'superseded' }

/** Effects on the world outside, by step and key, whichever attempt of the step performs them. */
export type Ledger = {
  claim(own: Ownership, key: string, at: string): Promise<Claim>
  /** False when a later invocation has claimed it since. */
  complete(own: Ownership, key: string, result: StoredValue): Promise<boolean>
}
