import { describe, expect, it } from 'vitest'
import { matchesPattern } from '../../../local/events/match-pattern.ts'
import { EventsService, parseRate } from '../../../local/events/service.ts'
import { validatePattern } from '../../../local/events/validate-pattern.ts'

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
  ['the presence of an object, which is no leaf (pattern/P3)', { detail: [{ exists: true }] }, false],
  ['one of several (pattern/P1)', { $or: [{ source: ['x'] }, { detail: { n: [7] } }] }, true],
])('matches %s', (_name, pattern, expected) => {
  expect(matchesPattern(pattern, event)).toBe(expected)
})

it('reads the rate of a schedule', () => {
  expect(parseRate('rate(1 minute)')).toBe(60_000)
  expect(parseRate('rate(5 hours)')).toBe(18_000_000)
  expect(parseRate('cron(0 * * * ? *)')).toBeUndefined()
})

/** Examples in AWS's documentation of event patterns: a pattern of `detail`, matching and non-matching values. */
const DOCUMENTED: [string, Record<string, unknown>, unknown[], unknown[]][] = [
  [
    'and',
    { Location: ['New York'], Day: ['Monday'] },
    [{ Location: 'New York', Day: 'Monday' }],
    [{ Location: 'New York' }],
  ],
  [
    'anything-but',
    { state: [{ 'anything-but': 'initializing' }] },
    [{ state: 'running' }, { state: null }],
    [{ state: 'initializing' }, {}, { state: {} }],
  ],
  [
    'anything-but a number',
    { 'x-limit': [{ 'anything-but': 123 }] },
    [{ 'x-limit': 124 }, { 'x-limit': '123' }],
    [{ 'x-limit': 123 }, { 'x-limit': 123.0 }],
  ],
  [
    'anything-but texts',
    { state: [{ 'anything-but': ['stopped', 'overloaded'] }] },
    [{ state: 'x' }],
    [{ state: 'stopped' }, { state: 'overloaded' }],
  ],
  ['anything-but numbers', { n: [{ 'anything-but': [100, 200, 300] }] }, [{ n: 101 }], [{ n: 200 }]],
  [
    'anything-but a beginning',
    { state: [{ 'anything-but': { prefix: 'init' } }] },
    [{ state: 'x' }],
    [{ state: 'initializing' }],
  ],
  [
    'anything-but beginnings',
    { Region: [{ 'anything-but': { prefix: ['us-', 'eu-'] } }] },
    [{ Region: 'ap-1' }],
    [{ Region: 'us-1' }, { Region: 'eu-1' }],
  ],
  [
    'anything-but an end',
    { FileName: [{ 'anything-but': { suffix: '.txt' } }] },
    [{ FileName: 'a.md' }],
    [{ FileName: 'a.txt' }],
  ],
  [
    'anything-but ends',
    { FileName: [{ 'anything-but': { suffix: ['.txt', '.rtf'] } }] },
    [{ FileName: 'a.md' }],
    [{ FileName: 'a.rtf' }],
  ],
  [
    'anything-but without case',
    { state: [{ 'anything-but': { 'equals-ignore-case': 'initializing' } }] },
    [{ state: 'x' }],
    [{ state: 'INITIALIZING' }],
  ],
  [
    'anything-but several without case',
    { state: [{ 'anything-but': { 'equals-ignore-case': ['initializing', 'stopped'] } }] },
    [{ state: 'x' }],
    [{ state: 'STOPPED' }],
  ],
  [
    'anything-but like',
    { FilePath: [{ 'anything-but': { wildcard: '*/lib/*' } }] },
    [{ FilePath: 'a/b' }],
    [{ FilePath: 'a/lib/b' }],
  ],
  [
    'anything-but like several',
    { FilePath: [{ 'anything-but': { wildcard: ['*/lib/*', '*/bin/*'] } }] },
    [{ FilePath: 'a/b' }],
    [{ FilePath: 'a/bin/b' }],
  ],
  ['prefix', { Region: [{ prefix: 'us-' }] }, [{ Region: 'us-1' }], [{ Region: 'US-1' }, { Region: 1 }]],
  [
    'prefix without case',
    { service: [{ prefix: { 'equals-ignore-case': 'EventB' } }] },
    [{ service: 'eventbridge' }],
    [{ service: 'event' }],
  ],
  ['suffix', { FileName: [{ suffix: '.png' }] }, [{ FileName: 'a.png' }], [{ FileName: 'a.PNG' }]],
  [
    'suffix without case',
    { service: [{ suffix: { 'equals-ignore-case': 'tBridge' } }] },
    [{ service: 'EVENTBRIDGE' }],
    [{ service: 'bridget' }],
  ],
  ['empty', { LastName: [''] }, [{ LastName: '' }], [{ LastName: ' ' }, {}, { LastName: null }]],
  ['without case', { Name: [{ 'equals-ignore-case': 'alice' }] }, [{ Name: 'ALICE' }], [{ Name: 'alic' }]],
  [
    'null',
    { UserID: [null] },
    [{ UserID: null }, { UserID: [1, null] }],
    [{}, { UserID: 'null' }, { UserID: '' }],
  ],
  ['a number', { Price: [100] }, [{ Price: 100 }, { Price: 100.0 }], [{ Price: '100' }]],
  ['a truth', { ok: [true] }, [{ ok: true }], [{ ok: 'true' }, { ok: 1 }]],
  ['numeric', { Price: [{ numeric: ['=', 100] }] }, [{ Price: 1e2 }], [{ Price: 101 }, { Price: '100' }]],
  [
    'a range',
    { Price: [{ numeric: ['>', 10, '<=', 20] }] },
    [{ Price: 11 }, { Price: 20 }],
    [{ Price: 10 }, { Price: 20.1 }],
  ],
  [
    'or within a field',
    { PaymentType: ['Credit', 'Debit'] },
    [{ PaymentType: 'Debit' }],
    [{ PaymentType: 'Cash' }],
  ],
  [
    'or over fields',
    { $or: [{ Location: ['New York'] }, { Day: ['Monday'] }] },
    [{ Day: 'Monday' }, { Location: 'New York' }],
    [{ Day: 'Friday' }],
  ],
  [
    'or with a condition for both',
    { a: [1], $or: [{ b: [1] }, { c: { d: [1] } }] },
    [{ a: 1, c: { d: 1 } }],
    [{ a: 2, b: 1 }, { a: 1 }],
  ],
  [
    'exists',
    { ProductName: [{ exists: true }] },
    [{ ProductName: '' }, { ProductName: null }, { ProductName: [0] }],
    [{}, { ProductName: { a: 1 } }, { ProductName: [] }],
  ],
  [
    'exists not',
    { ProductName: [{ exists: false }] },
    [{}, { ProductName: {} }, { other: 1 }],
    [{ ProductName: null }, { ProductName: 'x' }],
  ],
  [
    'exists not, of a field within',
    { a: { b: [{ exists: false }] } },
    [{}, { a: {} }, { a: 1 }],
    [{ a: { b: 1 } }],
  ],
  [
    'wildcard',
    { FileName: [{ wildcard: 'dir/*.png' }] },
    [{ FileName: 'dir/a.png' }, { FileName: 'dir/.png' }, { FileName: 'dir/a\nb.png' }],
    [{ FileName: 'dirX.png' }, { FileName: 'dir/a.pngx' }],
  ],
  [
    'an escaped star',
    { a: [{ wildcard: 'a\\*b*' }] },
    [{ a: 'a*b' }, { a: 'a*bc' }],
    [{ a: 'axb' }, { a: 'a\\xb' }],
  ],
  ['an escaped backslash', { a: [{ wildcard: 'a\\\\*' }] }, [{ a: 'a\\' }, { a: 'a\\x' }], [{ a: 'a*' }]],
  ['letters that expressions know', { a: [{ wildcard: 'a.(b)+*' }] }, [{ a: 'a.(b)+c' }], [{ a: 'axbb' }]],
  [
    'cidr',
    { ip: [{ cidr: '10.0.0.0/24' }] },
    [{ ip: '10.0.0.255' }],
    [{ ip: '10.0.1.0' }, { ip: 'x' }, { ip: '::1' }],
  ],
  [
    'cidr of IPv6',
    { ip: [{ cidr: '2001:db8::/32' }] },
    [{ ip: '2001:db8:1::1' }],
    [{ ip: '2001:db9::1' }, { ip: '10.0.0.1' }],
  ],
  [
    'a list in the event',
    { resources: ['a', 'b'] },
    [{ resources: ['x', 'b'] }],
    [{ resources: ['x'] }, { resources: [] }],
  ],
  [
    'a list of objects',
    { employees: { firstName: ['Anna'] } },
    [{ employees: [{ firstName: 'John' }, { firstName: 'Anna' }] }],
    [{ employees: [{ firstName: 'John' }] }, { employees: [] }],
  ],
  [
    'all of one member of a list (pattern/P2)',
    { employees: { firstName: ['Anna'], lastName: ['Doe'] } },
    [{ employees: [{ firstName: 'Anna', lastName: 'Doe' }] }],
    [
      {
        employees: [
          { firstName: 'Anna', lastName: 'Smith' },
          { firstName: 'John', lastName: 'Doe' },
        ],
      },
    ],
  ],
  [
    'a list in a list',
    { a: { b: { c: [1] } } },
    [{ a: [{ b: [{ c: 0 }, { c: [1] }] }] }],
    [{ a: [{ b: [{ c: 0 }] }] }],
  ],
  [
    'exists not in a list of objects (pattern/P4)',
    { a: { b: [{ exists: false }] } },
    [{ a: [{ c: 1 }] }],
    [{ a: [{ c: 1 }, { b: 1 }] }],
  ],
  [
    'names of objects that are there for all',
    { constructor: [{ exists: true }] },
    [{ constructor: 1 }],
    [{}],
  ],
]

describe.each(DOCUMENTED)('%s', (_name, detail, yes, no) => {
  it('is taken, matches what it should, and nothing else', () => {
    expect(() => validatePattern({ detail })).not.toThrow()
    for (const value of yes)
      expect([value, matchesPattern({ detail }, { detail: value })]).toEqual([value, true])
    for (const value of no)
      expect([value, matchesPattern({ detail }, { detail: value })]).toEqual([value, false])
  })
})

it.each<[string, unknown]>([
  ['nothing', {}],
  ['a list', []],
  ['a field without a list', { source: 'x' }],
  ['an empty list', { source: [] }],
  ['an operator that is none', { source: [{ regex: 'a' }] }],
  ['two operators at once', { source: [{ prefix: 'a', suffix: 'b' }] }],
  ['a list in a list', { source: [['a']] }],
  ['one alternative', { $or: [{ source: ['x'] }] }],
  ['alternatives that are none', { $or: ['a', 'b'] }],
  ['a comparison that is none', { n: [{ numeric: ['!=', 1] }] }],
  ['a comparison with text', { n: [{ numeric: ['>', '1'] }] }],
  ['a range without end', { n: [{ numeric: ['>', 1, '>', 2] }] }],
  ['a range of nothing', { n: [{ numeric: ['>', 2, '<', 1] }] }],
  ['a number beyond the limits', { n: [{ numeric: ['>', 6e9] }] }],
  ['exists without a truth', { n: [{ exists: 'yes' }] }],
  ['two stars', { n: [{ wildcard: 'a**' }] }],
  ['an escape of something else', { n: [{ wildcard: 'a\\n' }] }],
  ['a prefix of a number', { n: [{ prefix: 1 }] }],
  ['a range of addresses that is none', { n: [{ cidr: '10.0.0.0/33' }] }],
  ['anything but a mixture', { n: [{ 'anything-but': ['a', 1] }] }],
  ['anything but nothing', { n: [{ 'anything-but': [] }] }],
  ['anything but a range', { n: [{ 'anything-but': { numeric: ['>', 1] } }] }],
])('refuses %s, and says where', (_name, pattern) => {
  expect(() => validatePattern(pattern)).toThrow(/^the event pattern/)
})

it('says which rule has the pattern, when it is made', () => {
  const events = new EventsService({
    account: '1',
    region: 'r',
    deliver: async () => {},
    deadLetter: () => {},
  })
  const rule = {
    name: 'Ended',
    arn: 'arn:aws:events:r:1:rule/Ended',
    bus: 'default',
    pattern: { detail: { status: [{ like: 'x' }] } },
    targets: [],
  }
  expect(() => events.putRule(rule)).toThrow(
    'the event pattern of Ended, detail, status: EventBridge has no matcher {"like":"x"}',
  )
})
