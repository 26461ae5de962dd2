import type { AuditEntry } from '../../shared/domain/audit.ts'

/** Anchors are written every hour, and an entry may be written just after one. */
const LATE_MILLISECONDS = 2 * 3_600_000

/** Finds entries that should have an anchor by now: those after the newest anchor, by its sequence (0 for none). */
export class LateEntries {
  #oldest: string | undefined
  readonly #anchored: number

  constructor(anchored: number) {
    this.#anchored = anchored
  }

  /** The pages of a chain, oldest first. */
  look(entries: readonly Pick<AuditEntry, 'sequence' | 'at'>[]): void {
    this.#oldest ??= entries.find(({ sequence }) => sequence > this.#anchored)?.at
  }

  /** When the oldest entry without an anchor was written, if it should have one at `now` (ms since the epoch). */
  since(now: number): string | undefined {
    return now - Date.parse(this.#oldest ?? '') > LATE_MILLISECONDS ? this.#oldest : undefined
  }
}
