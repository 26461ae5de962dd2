import { expect, it } from 'vitest'
import { logLine } from '../../../cli/show/log-line.ts'
import type { LogLineView } from '../../../shared/contracts/log-views.ts'

const line = (more: Partial<LogLineView>): LogLineView => ({
  id: '1',
  time: '2026-01-01T10:20:30.456Z',
  level: 'INFO',
  functionName: 'o-agent-a',
  message: 'said',
  ...more,
})

it.each<[string, Partial<LogLineView>, string[]]>([
  ['a message', {}, ['10:20:30.456  INFO   said']],
  [
    'step and facts',
    { stepId: 'each[3]', facts: { rows: 3, from: 'console', by: { x: [1] } } },
    ['10:20:30.456  INFO   each[3]  said  rows=3  by={"x":[1]}'],
  ],
  ['the first attempt', { stepId: 'a', attempt: 1 }, ['10:20:30.456  INFO   a  said']],
  [
    'a later attempt',
    { stepId: 'a', attempt: 2, facts: { data: { attempt: 'mine' } } },
    ['10:20:30.456  INFO   a  attempt 2  said  data={"attempt":"mine"}'],
  ],
  ['several lines', { level: 'WARN', message: 'one\ntwo' }, ['10:20:30.456  WARN   one', '    two']],
  [
    'an error with stack and causes',
    {
      level: 'WARN',
      message: 'attempt failed',
      facts: {
        errorMessage: 'TypeError: fetch failed',
        errorStack: 'at a (agents/a/index.ts:1:2)\nat b (agents/a/index.ts:3:4)',
        errorCauses: ['Error: connect ECONNREFUSED 127.0.0.1:1'],
      },
    },
    [
      '10:20:30.456  WARN   attempt failed',
      '    TypeError: fetch failed',
      '      at a (agents/a/index.ts:1:2)',
      '      at b (agents/a/index.ts:3:4)',
      '    caused by Error: connect ECONNREFUSED 127.0.0.1:1',
    ],
  ],
  [
    'escape sequences',
    { stepId: 'a\u001b[2J', message: '\u001b[31mred', facts: { x: '\u001b]0;title\u0007\nand' } },
    ['10:20:30.456  INFO   a␛[2J  ␛[31mred  x=␛]0;title␇␊and'],
  ],
  [
    // Agents may log members of what users send.
    'escape sequences in names of facts and in the level',
    { level: '\u001b[2J', facts: { '\u001b]0;title\u0007\n': 1, '\u009b2J': 2 } },
    ['10:20:30.456  ␛[2J   said  ␛]0;title␇␊=1  \\u009b2J=2'],
  ],
])('a line of the log with %s', (_what, more, shown) => {
  expect(logLine(line(more))).toEqual(shown)
})
