import { describe, expect, it } from 'vitest'
import { LateEntries } from '../../../cli/audit/late-entries.ts'

const HOUR = 3_600_000
const NOON = Date.parse('2026-11-29T12:00:00.000Z')
const entry = (sequence: number, minute: string) => ({ sequence, at: `2026-11-29T${minute}:00.000Z` })
const ENTRIES = [entry(1, '08:00'), entry(2, '09:59'), entry(3, '10:01')]

function sinceOf(anchored: number, now: number): string | undefined {
  const late = new LateEntries(anchored)
  for (const one of ENTRIES) late.look([one])
  return late.since(now)
}

describe('entries that should have an anchor by now', () => {
  it.each([
    ['none is anchored', 0, '2026-11-29T08:00:00.000Z'],
    ['the second is older than two hours', 1, '2026-11-29T09:59:00.000Z'],
    ['the third is younger', 2, undefined],
    ['all are anchored', 3, undefined],
  ])('%s', (_name, anchored, since) => {
    expect(sinceOf(anchored, NOON)).toBe(since)
  })

  it('are told once they are late', () => {
    expect(sinceOf(2, NOON + HOUR)).toBe('2026-11-29T10:01:00.000Z')
  })

  it('are none in an empty chain', () => {
    expect(new LateEntries(0).since(NOON)).toBeUndefined()
  })
})
