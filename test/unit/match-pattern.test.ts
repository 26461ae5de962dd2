import { expect, it } from 'vitest'
import { parseRate } from '../../local/events/events-service.ts'
import { matchesPattern } from '../../local/events/match-pattern.ts'

const event = {
  source: 'orchestrator',
  detail: { status: 'FAILED', n: 7, tags: ['a', 'b'], name: 'Report-1' },
}

it.each<[string, Record<string, unknown>, boolean]>([
  ['an exact value', { source: ['orchestrator', 'x'] }, true],
  ['another value', { source: ['x'] }, false],
  ['every field', { source: ['orchestrator'], detail: { status: ['OK'] } }, false],
  ['a member of a list', { detail: { tags: ['b'] } }, true],
  ['a prefix', { detail: { name: [{ prefix: 'Rep' }] } }, true],
  ['a prefix without case', { detail: { name: [{ prefix: { 'equals-ignore-case': 'REP' } }] } }, true],
  ['a suffix', { detail: { name: [{ suffix: '-1' }] } }, true],
  ['anything but', { detail: { status: [{ 'anything-but': ['OK', 'RUNNING'] }] } }, true],
  ['anything but it', { detail: { status: [{ 'anything-but': 'FAILED' }] } }, false],
  ['a number range', { detail: { n: [{ numeric: ['>', 5, '<=', 7] }] } }, true],
  ['outside a number range', { detail: { n: [{ numeric: ['<', 5] }] } }, false],
  ['presence', { detail: { n: [{ exists: true }], m: [{ exists: false }] } }, true],
  ['a text without case', { detail: { status: [{ 'equals-ignore-case': 'failed' }] } }, true],
  ['a wildcard', { detail: { name: [{ wildcard: 'R*t-*' }] } }, true],
  ['one of several', { $or: [{ source: ['x'] }, { detail: { n: [7] } }] }, true],
])('matches %s', (_name, pattern, expected) => {
  expect(matchesPattern(pattern, event)).toBe(expected)
})

it('reads the rate of a schedule', () => {
  expect(parseRate('rate(1 minute)')).toBe(60_000)
  expect(parseRate('rate(5 hours)')).toBe(18_000_000)
  expect(parseRate('cron(0 * * * ? *)')).toBeUndefined()
})
