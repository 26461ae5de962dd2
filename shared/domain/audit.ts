/**
 * What callers have changed, or tried to: for each tenant a chain of entries, in which each has the hash of the one before.
 *
 * Invariants (tests cite them):
 * audit/A1 entries of a tenant are numbered from 1 without a gap, and each has the hash of the one before: any changed, removed, inserted or
 *   exchanged entry is found, and the first of them is named
 * audit/A2 an entry is never changed: what it says of a request is known before it is appended
 */
import * as z from 'zod'
import { canonicalJson } from './json.ts'

/** How a request has ended. `unknown`: the function ended before it could say. */
export const AUDIT_OUTCOMES = ['done', 'refused', 'failed', 'unknown'] as const

/** A change that a caller has asked for. Digests are SHA-256 in hexadecimal, of canonical JSON: contents are not kept. */
export const AuditedCallSchema = z.object({
  id: z.string().describe('Of the request'),
  at: z.string(),
  tenant: z.string(),
  subject: z.string(),
  kind: z.string(),
  issuer: z.string().optional().describe('Who vouches for the subject of a token'),
  action: z.string().describe('The id of the route'),
  resource: z.string().describe('Its path, such as tasks/t_01.../steps/sign_off'),
  outcome: z.enum(AUDIT_OUTCOMES),
  status: z.number().optional().describe('The status of the answer'),
  error: z.string().optional().describe('The name of the error that the caller was told'),
  asked: z.string().describe('A digest of what was asked'),
  answered: z.string().optional().describe('A digest of what was answered: the resource after the change'),
  repeated: z
    .number()
    .optional()
    .describe(
      'How many more times the same caller was refused the same action for the same reason in this minute; `resource` and `asked` are those of the first time',
    ),
})
export type AuditedCall = z.infer<typeof AuditedCallSchema>

/** What a later release may add to an entry is kept: it is part of what was hashed. */
export const AuditEntrySchema = z.looseObject({
  ...AuditedCallSchema.shape,
  sequence: z.number(),
  before: z.string().describe('The hash of the entry before'),
  hash: z.string().describe('SHA-256 of everything above, as canonical JSON'),
})
export type AuditEntry = AuditedCall & { sequence: number; before: string; hash: string }

/** The end of a chain, as it was seen at some time. */
export type ChainEnd = Pick<AuditEntry, 'sequence' | 'hash'>
/** An end that was kept elsewhere; `name` says where, such as the key of an anchor. */
export type KeptEnd = ChainEnd & { name?: string }

type Digest = (text: string) => string

/** What the first entry follows. */
export const NOTHING_BEFORE: ChainEnd = { sequence: 0, hash: '0'.repeat(64) }

/** The entry for a call, after the present end of the chain (audit/A1). */
export function entryAfter({ sequence, hash }: ChainEnd, call: AuditedCall, digest: Digest): AuditEntry {
  const entry = { ...call, sequence: sequence + 1, before: hash }
  return { ...entry, hash: digest(canonicalJson(entry)) }
}

/** The first fault of a chain: at which entry, and what it is. */
export type ChainFault = { sequence: number; what: string }

/**
 * Checks entries as they are read, page by page, oldest first (audit/A1). Each `check` returns the first fault, and none after it; `end` compares
 * with ends that were kept elsewhere.
 */
export class ChainCheck {
  readonly #digest: Digest
  readonly #kept: ReadonlyMap<number, readonly KeptEnd[]>
  #last: ChainEnd = NOTHING_BEFORE

  /** `kept`: ends that are known from elsewhere, such as anchors. */
  constructor(digest: Digest, kept: readonly KeptEnd[] = []) {
    this.#digest = digest
    this.#kept = Map.groupBy(kept, ({ sequence }) => sequence)
  }

  get last(): ChainEnd {
    return this.#last
  }

  check(entries: readonly AuditEntry[]): ChainFault | undefined {
    for (const entry of entries) {
      const fault = this.#faultOf(entry)
      if (fault !== undefined) return fault
      this.#last = { sequence: entry.sequence, hash: entry.hash }
    }
    return undefined
  }

  /** After the last page: whether entries that were there once are missing at the end. */
  end(): ChainFault | undefined {
    const missing = [...this.#kept.keys()].filter((sequence) => sequence > this.#last.sequence)
    const [first] = missing.sort((a, b) => a - b)
    if (first === undefined) return undefined
    const by = this.#kept.get(first)?.find(({ name }) => name !== undefined)?.name
    const what = `the chain ends after ${this.#last.sequence}; it had an entry ${first} once${by === undefined ? '' : `, as ${by} says`}`
    return { sequence: this.#last.sequence + 1, what }
  }

  #faultOf({ hash, ...entry }: AuditEntry): ChainFault | undefined {
    const { sequence, before } = entry
    const expected = this.#last.sequence + 1
    if (sequence > expected) return { sequence: expected, what: `it is missing: ${sequence} follows` }
    if (sequence < expected) return { sequence, what: `it stands behind ${this.#last.sequence}` }
    if (this.#digest(canonicalJson(entry)) !== hash)
      return { sequence, what: 'its contents do not have its hash' }
    if (before !== this.#last.hash)
      return { sequence, what: `it does not follow entry ${sequence - 1} as that stands now` }
    const kept = this.#kept.get(sequence)?.find((end) => end.hash !== hash)
    if (kept?.name !== undefined) return { sequence, what: `it is another one than ${kept.name} says` }
    if (kept) return { sequence, what: `it is another one than was kept as ${kept.hash}` }
    return undefined
  }
}
