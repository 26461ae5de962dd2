import { describe, expect, it } from 'vitest'
import { readTable } from '../../../functions/agents/_support/table.ts'
import { formatCsv } from '../../../functions/agents/format/format-csv.ts'
import { formatHtml } from '../../../functions/agents/format/format-html.ts'
import formatAgent from '../../../functions/agents/format/index.ts'
import { callAgent } from '../../support/agents/call-agent.ts'

describe('format.csv', () => {
  it.each<[string, Parameters<typeof formatCsv>[0], string]>([
    ['quotes', [{ a: 'x,"y"', b: null }, { b: { c: 1 } }], 'a,b\r\n"x,""y""",\r\n,"{""c"":1}"\r\n'],
    ['line ends', [{ a: 'x\ny', b: 'x\ry' }], 'a,b\r\n"x\ny","x\ry"\r\n'],
    ['spaces at the ends', [{ a: ' x', b: 'y ' }], 'a,b\r\n" x","y "\r\n'],
    ['a lone empty cell', [{ a: 1 }, { a: null }], 'a\r\n1\r\n""\r\n'],
    ['no rows', [], ''],
    ['rows without columns', [{}], ''],
    ['columns of later rows', [{ a: 1 }, { b: 2 }], 'a,b\r\n1,\r\n,2\r\n'],
    ['booleans and text', [{ a: true, b: 'null', c: null }], 'a,b,c\r\ntrue,null,\r\n'],
    [
      'large and small numbers',
      [{ a: 1e21, b: 1.5e-7, c: -2e-9 }],
      'a,b,c\r\n1000000000000000000000,0.00000015,-0.000000002\r\n',
    ],
    ['names of members of every object', [{ a: 1 }, { toString: 2 }], 'a,toString\r\n1,\r\n,2\r\n'],
    [
      'phone numbers and formulas as they are',
      [{ a: '+66812', b: '=1+1', c: -5 }],
      'a,b,c\r\n+66812,=1+1,-5\r\n',
    ],
  ])('writes %s', (_name, rows, csv) => {
    expect(formatCsv(rows)).toBe(csv)
  })

  it('writes no cell that a spreadsheet would run as a formula', () => {
    const rows = [{ '=h': '=cmd|x', b: '+66812', c: '-5', d: -5, e: '@x', f: 'สวัสดี' }]
    expect(formatCsv(rows, { spreadsheet: true })).toBe(
      "\uFEFF'=h,b,c,d,e,f\r\n'=cmd|x,'+66812,-5,-5,'@x,สวัสดี\r\n",
    )
  })

  it('writes a CSV as it was read', async () => {
    const csv = 'phone,price,v,n,country\r\n+66812,12.50,3.10,1,NA\r\n0812,3.00,3.9,NA,TH\r\n'
    const { rows, columns } = await readTable(csv, {
      files: { list: async () => [], readText: async () => '' },
    })
    expect(await callAgent(formatAgent, 'format.csv', { rows, columns })).toMatchObject({ text: csv })
  })
})

describe('format.json, format.markdown', () => {
  it('keep every member', async () => {
    const value = JSON.parse('{"a":{"__proto__":1}}')
    expect((await callAgent(formatAgent, 'format.json', { value })).text).toBe(JSON.stringify(value, null, 2))
    await expect(callAgent(formatAgent, 'format.json', {})).rejects.toThrow(/a value is missing/)
    expect((await callAgent(formatAgent, 'format.markdown', { title: 'a\n\nb', value: 'x' })).text).toBe(
      '# a b\n\nx\n',
    )
  })
})

describe('format.html', () => {
  it('keeps scripts out of pages', () => {
    const page = formatHtml({
      title: '<b>',
      markdown:
        '# Hi <script>alert(1)</script>\n\n[x](javascript:alert(1)) ![c](chart-1.svg) <img src=x onerror=alert(1)> <iframe src="https://x.org"></iframe><svg onload=alert(1)><style>*{}</style>',
      charts: [{ name: 'chart-1.svg', title: 'C', svg: '<svg/>' }],
    })
    expect(page).not.toMatch(/<script|javascript:|onerror|<iframe|<svg|onload|<style>\*/)
    expect(page).toContain('<title>&lt;b&gt;</title>')
    expect(page).toContain('src="data:image/svg+xml;base64,')
  })
})
