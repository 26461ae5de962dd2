import { describe, expect, it } from 'vitest'
import { summarize } from '../../../functions/agents/_support/summarize.ts'
import { profile } from '../../../functions/agents/analysis/profile.ts'
import { formatHtml } from '../../../functions/agents/format/format-html.ts'
import { drawTrend } from '../../../functions/agents/synthesis/draw-trend.ts'
import synthesisAgent from '../../../functions/agents/synthesis/index.ts'
import { literal, table, withoutTags } from '../../../functions/agents/synthesis/markdown.ts'
import { callAgent } from '../../support/agents/call-agent.ts'

describe('summaries', () => {
  it('are sentences of the text, those on the question first', () => {
    const text =
      'Cats sleep most of the day. Dogs guard the house at night. Cats and dogs share many old houses. Trains are late again today.'
    expect(summarize(text, 1, 'late trains').sentences).toEqual(['Trains are late again today.'])
    for (const sentence of summarize(text, 3).sentences) expect(text).toContain(sentence)
  })

  it('say how much of a long text was not looked at', () => {
    const text = Array.from({ length: 310 }, (_, n) => `Sentence number ${n} tells about topic x${n} here.`)
    expect(summarize(text.join(' '), 1).unread).toBe(10)
  })

  it('know Chinese, and words in another form', () => {
    const text = '猫整天在家里睡觉。狗晚上看守房子大门。火车今天又晚点很久了。'
    expect(summarize(text, 1, '火车晚点').sentences).toEqual(['火车今天又晚点很久了。'])
    const accents = 'Le café de la gare ouvre demain. Les trains partent toujours très tard.'
    expect(summarize(accents, 1, 'CAFE\u0301').sentences).toEqual(['Le café de la gare ouvre demain.'])
  })
})

describe('reports', () => {
  it('show values of the data in full', () => {
    expect(table(['n'], [[1234567], [0.1]])).toBe('| n |\n| --- |\n| 1,234,567 |\n| 0.1 |')
  })

  it('show text of the data as it stands', () => {
    const texts = [
      '<b>x</b>',
      'a|b',
      '`c`',
      '*d*',
      '_e_',
      '[f](g)',
      'temp_max',
      'a\\b',
      '&amp;',
      '~~h~~',
      '<script>i',
    ]
    const page = formatHtml({
      title: 't',
      markdown: table(
        ['x'],
        texts.map((text) => [text]),
      ),
      charts: [],
    })
    const shown = [...page.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell = '']) =>
      cell.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
    )
    expect(shown).toEqual(texts)
    expect(literal('temp_max')).toBe('temp_max')
  })

  it('draw columns with any name, the same in every time zone', async () => {
    const days = [
      { at: '2026-01-01', mean: 1 },
      { at: '2026-03-01', mean: 2 },
    ]
    const zone = process.env.TZ
    try {
      const drawn = new Set<string>()
      for (const other of ['UTC', 'Asia/Bangkok', 'America/New_York']) {
        process.env.TZ = other
        drawn.add(await drawTrend('a\nb\u2028<c>\r\\"', { over: 'day\n', overTime: true }, days))
      }
      expect(drawn.size).toBe(1)
      expect([...drawn][0]).toContain('a b &lt;c&gt;')
    } finally {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
  })

  it('keep what only looks like a tag in passages', () => {
    expect(withoutTags('a `Map<string>` and Map<string>')).toBe('a `Map<string>` and Map\\<string>')
  })

  it('report what was guessed about the data', async () => {
    const rows = [...Array.from({ length: 39 }, (_, n) => ({ n })), { n: 'x' }]
    const { markdown } = await callAgent(synthesisAgent, 'synthesis.report', {
      title: 'T',
      profile: profile({ rows, columns: undefined, notes: ['column "v" is text: "3.10"'] }),
    })
    expect(markdown).toContain(
      '- column "v" is text: "3.10"\n- n: 1 cells are of another type, and in no figure',
    )
  })
})
