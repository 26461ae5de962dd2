import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AuditEntry,
  type AuditedCall,
  ChainCheck,
  type ChainEnd,
  type ChainFault,
  entryAfter,
  NOTHING_BEFORE,
} from '../../../shared/domain/audit.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

const callOf = (at: number): AuditedCall => ({
  id: `c_${at}`,
  at: new Date(at).toISOString(),
  tenant: 'acme',
  subject: `user-${at % 7}`,
  kind: 'key',
  action: 'submitTask',
  resource: `tasks/t_${at}`,
  outcome: at % 5 === 0 ? 'refused' : 'done',
  asked: digest(`${at}`),
})

function chainOf(length: number): AuditEntry[] {
  const chain: AuditEntry[] = []
  for (let at = 0; at < length; at++)
    chain.push(entryAfter(chain.at(-1) ?? NOTHING_BEFORE, callOf(at), digest))
  return chain
}

const LONG = chainOf(1_000)

/** The first fault of a chain that is read in pages. */
function faultOf(chain: readonly AuditEntry[], kept: readonly ChainEnd[] = []): ChainFault | undefined {
  const check = new ChainCheck(digest, kept)
  for (let from = 0; from < chain.length; from += 64) {
    const fault = check.check(chain.slice(from, from + 64))
    if (fault) return fault
  }
  return check.end()
}

const place = fc.nat(LONG.length - 1)
const member = fc.constantFrom(
  'id',
  'at',
  'tenant',
  'subject',
  'kind',
  'action',
  'resource',
  'outcome',
  'asked',
  'before',
  'hash',
)

describe('a chain of 1,000 entries', () => {
  it('is whole as it was written, with ends that were kept (audit/A1)', () => {
    expect(faultOf(LONG)).toBeUndefined()
    expect(
      faultOf(
        LONG,
        [LONG[99], LONG[999]].flatMap((end) => end ?? []),
      ),
    ).toBeUndefined()
  })

  it('names an entry of which any member was changed (audit/A1)', () => {
    fc.assert(
      fc.property(place, member, fc.string(), (at, name, value) => {
        const changed = LONG.map((entry, index) => (index === at ? { ...entry, [name]: `${value}x` } : entry))
        expect(faultOf(changed)?.sequence).toBe(at + 1)
      }),
      { numRuns: 300 },
    )
  })

  it('names the first entry that was removed, also of several (audit/A1)', () => {
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 5 }), (at, count) => {
        const left = LONG.filter((_, index) => index < at || index >= at + count)
        const end = LONG.at(-1) as AuditEntry
        expect(faultOf(left, [end])?.sequence).toBe(at + 1)
      }),
      { numRuns: 200 },
    )
  })

  it('names what was put in between, with its own hash, and numbers moved or not (audit/A1)', () => {
    fc.assert(
      fc.property(place, fc.boolean(), (at, isMoved) => {
        const inserted = entryAfter(LONG[at - 1] ?? NOTHING_BEFORE, { ...callOf(at), id: 'c_false' }, digest)
        const rest = LONG.slice(at).map((entry) =>
          isMoved ? { ...entry, sequence: entry.sequence + 1 } : entry,
        )
        // The inserted entry is well made: what stands after it does not follow it.
        expect(faultOf([...LONG.slice(0, at), inserted, ...rest])?.sequence).toBe(at + (isMoved ? 2 : 1))
      }),
      { numRuns: 200 },
    )
  })

  it('names the first of two that were exchanged (audit/A1)', () => {
    fc.assert(
      fc.property(place, place, fc.boolean(), (one, other, isRenumbered) => {
        fc.pre(one !== other)
        const swapped = [...LONG]
        const [a, b] = [LONG[one], LONG[other]] as [AuditEntry, AuditEntry]
        swapped[one] = isRenumbered ? { ...b, sequence: one + 1 } : b
        swapped[other] = isRenumbered ? { ...a, sequence: other + 1 } : a
        expect(faultOf(swapped)?.sequence).toBe(Math.min(one, other) + 1)
      }),
      { numRuns: 200 },
    )
  })

  it('that was rewritten from an entry on, with right hashes, is found by an end that was kept', () => {
    const from = 500
    const rewritten = LONG.slice(0, from)
    for (let at = from; at < LONG.length; at++)
      rewritten.push(
        entryAfter(rewritten.at(-1) ?? NOTHING_BEFORE, { ...callOf(at), subject: 'nobody' }, digest),
      )
    expect(faultOf(rewritten)).toBeUndefined()
    expect(faultOf(rewritten, [LONG[700] as AuditEntry])).toMatchObject({ sequence: 701 })
  })
})
