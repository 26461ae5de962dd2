import type { StoredValue } from '../domain/step.ts'
import type { Ownership } from './steps.ts'

/**
 * `first`: this is the first claim of the idempotency key; `again`: an earlier attempt claimed it (at that time) without recording a
 * result; `done`: the recorded result; `superseded`: a later invocation of the step has claimed it.
 */
export type Claim =
  | { kind: 'first' }
  | { kind: 'again'; claimedAt: string }
  | { kind: 'done'; result: StoredValue }
  | { kind: 'superseded' }

/** External side effects by step and idempotency key, across all attempts of the step. */
export type Ledger = {
  claim(own: Ownership, key: string, at: string): Promise<Claim>
  /** Records the result; false when a later invocation has claimed the key since. */
  complete(own: Ownership, key: string, result: StoredValue): Promise<boolean>
}
