import { expect, it } from 'vitest'
import { faultLines } from '../../../cli/show/fault-lines.ts'
import { visible } from '../../../cli/show/visible.ts'

it.each([
  ['\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
  ['over\rwritten', 'over␍written'],
  ['two\r\nlines\tand a tab', 'two\nlines\tand a tab'],
  ['\u0007\u007f', '␇␡'],
  ['\u009b2J', '\\u009b2J'],
  ['user\u202egnp.exe', 'user\\u202egnp.exe'],
  ['žluťoučký 漢字 🙂', 'žluťoučký 漢字 🙂'],
])('a terminal shows %j and does not obey it', (text, shown) => {
  expect(visible(text)).toBe(shown)
})

it('an error is told with its frames and causes, indented', () => {
  const lines = faultLines({
    stack: 'at priceOf (agents/price/index.ts:3:7)\nat run (agents/price/index.ts:9:1)',
    causes: [{ name: 'Error', message: 'connect \u001b[2J', stack: 'at connect (net.js:1:1)' }],
  })
  expect(lines).toEqual([
    '    at priceOf (agents/price/index.ts:3:7)',
    '    at run (agents/price/index.ts:9:1)',
    '  caused by Error: connect ␛[2J',
    '    at connect (net.js:1:1)',
  ])
  expect(faultLines({})).toEqual([])
})
