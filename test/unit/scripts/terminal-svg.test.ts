import { styleText } from 'node:util'
import { expect, it } from 'vitest'
import { terminalSvg } from '../../../scripts/docs/terminal-svg.ts'

const red = (text: string): string => styleText('red', text, { validateStream: false })
const bold = (text: string): string => styleText('bold', text, { validateStream: false })

it('draws each part of a line at its column, in its colour', () => {
  const svg = terminalSvg(`${bold('a<b')} 漢 ${red('failed')}\nplain`, 'A "run"')
  expect(svg).toContain('class="b">a&lt;b</tspan>')
  // Three columns, a blank, two characters, a blank: the span starts at the eighth column.
  expect(svg).toContain('x="76.8" textLength="50.4" fill="#f47067">failed</tspan>')
  expect(svg).toContain('aria-label="A &quot;run&quot;"')
  expect(svg.match(/<text /g)).toHaveLength(2)
})

it('carries a colour on to the next line, until it ends', () => {
  const svg = terminalSvg('\u001b[2mone\ntwo\u001b[22m\nthree', 'x')
  expect(svg.match(/class="d"/g)).toHaveLength(2)
})
