import { describe, expect, it } from 'vitest'
import { contentWords, documentTerms, folded } from '../../../functions/agents/_support/words.ts'
import { findGaps } from '../../../functions/agents/analysis/find-gaps.ts'
import { findThemes } from '../../../functions/agents/analysis/find-themes.ts'
import { passagesOf } from '../../../functions/agents/research/passages-of.ts'
import { plainText } from '../../../functions/agents/research/plain-text.ts'
import { readCorpus } from '../../../functions/agents/research/read-corpus.ts'
import { searchPassages } from '../../../functions/agents/research/search-passages.ts'
import { textOfHtml } from '../../../functions/agents/research/text-of-html.ts'
import { cpuMilliseconds } from '../../support/runner/cpu-time.ts'

const found = (query: string, ...texts: string[]): string[] => {
  const documents = texts.map((text, index) => ({ source: `${index}.md`, text }))
  return searchPassages(query, documents, 50).passages.map(({ source }) => source)
}

describe('words', () => {
  it.each([
    ['state-of-the-art S3', ['state', 'art', 's3']],
    ['version 3.10, 1,000 baht', ['version', '3.10', '1,000', 'baht']],
    ['Café', ['café']],
    ['ﬁne ２０', ['fine', '20']],
    ['STRASSE Straße', ['strasse', 'strasse']],
    ['ΟΔΟΣ οδός', ['οδοσ', 'οδόσ']],
    ['hy\u00ADphen', ['hyphen']],
    ['ลูกค้าขอคืนเงิน', ['ลูกค้า', 'ขอ', 'คืน', 'เงิน']],
    ['返金を申請', ['返金', '申請']],
    ['หนึ่ง\u200Bสอง', ['หนึ่ง', 'สอง']],
    ['सड़क पर', ['सड़क', 'पर'].map((word) => word.normalize('NFKC'))],
    ['', []],
  ])('finds in %j the words %j', (text, words) => {
    expect(contentWords(text)).toEqual(words)
  })

  it.each(['Café Straße', 'ﬁne ２０ Ｆｕｌｌ', 'กำลังน้ำ', 'がぎぐ', 'Việt Nam', 'हिन्दी', 'Ǆ ŉ'])(
    'of %j are those of its other forms (words/W1)',
    (text) => {
      for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const)
        expect(documentTerms(text.normalize(form))).toEqual(documentTerms(text))
      expect(documentTerms(text.toUpperCase())).toEqual(documentTerms(text))
      expect(folded(folded(text))).toBe(folded(text))
    },
  )
})

describe('search', () => {
  it.each([
    ['คืนเงิน', 'ลูกค้าสามารถขอคืนเงินได้ภายในสามสิบวันหลังจากวันที่ซื้อสินค้า'],
    ['退款', '退款政策：客户可以在三十天内申请退款。'],
    ['茶', '我喜欢喝茶'],
    ['保修', '产品保修一年'],
    ['茶と水', 'お茶はいかが'],
    ['返金', 'お客様は三十日以内に返金を申請できます。'],
    ['ポリシー', '返金ポリシーについて'],
    ['환불', '고객은 30일 이내에 환불을 요청할 수 있습니다.'],
    ['café', 'The cafe\u0301 is open'],
    ['cafe\u0301', 'The café is open'],
    ['STRASSE', 'Die Straße ist lang'],
    ['office', 'The oﬃce is closed'],
    ['refunds', '# Refunds\n\nIn 30 days.'],
    ['warranty', '# Warranty'],
    ['3.10', 'Works with Python 3.10 and newer'],
    ['s3 retries', '# Storage\n\nObjects are kept in S3, and every retry is told to the caller.'],
    ['who', 'The band is The Who'],
    ['example', 'See <https://example.com/refunds> for all.'],
    ['number', 'Use `x` or Map<string, number> here, where a < b and c > d.'],
    ['important', '[Note]: important things are said here\n'],
  ])('finds %s in its document only', (query, text) => {
    expect(found(query, text, 'Something else entirely: 其他 อื่น ほか 다른')).toEqual(['0.md'])
  })

  it('finds every word of a long text, also at its end and where it is cut', () => {
    const text = `${'Many words about other animals and their ways. '.repeat(60)}The zebra migrates at noon.`
    const { passages } = searchPassages('zebra migration', [{ source: 'a.txt', text }], 3)
    expect(passages[0]?.text).toContain('zebra migrates at noon')
    expect(passages.every((passage) => passage.text.length <= 700)).toBe(true)
    const unspaced = `${'ลูกค้าขอเงิน'.repeat(57)}กรุงเทพมหานคร${'ลูกค้าขอเงิน'.repeat(57)}`
    expect(found('กรุงเทพมหานคร', unspaced)).toHaveLength(1)
    for (const { text: passage } of passagesOf({ source: 'a', text: '😀'.repeat(800) }))
      expect(passage).toBe(passage.toWellFormed())
  })

  it.each(['\n', '```x\n', '[', '![', '[a](', '<!--', '<', '1.', '<a ', '[a]\n', '('])(
    'is not slowed by a text of nothing but %j',
    (text) => {
      const started = cpuMilliseconds()
      found('word', `word word ${text.repeat(20_000)}x`)
      expect(cpuMilliseconds() - started).toBeLessThan(2_000)
    },
  )
})

describe('a corpus', () => {
  it('says how many of its files are not read', async () => {
    const texts: Record<string, string> = { 'c/a.md': 'Alpha', 'c/b.html': '<p>Beta<br>Gamma</p>' }
    const files = {
      list: async () => ['c/a.md', 'c/b.html', 'c/d.pdf'].map((key) => ({ key, bytes: 9, etag: '' })),
      readText: async (key: string) => texts[key] ?? '',
    }
    const log = { info: () => {}, warn: () => {} }
    const { signal } = new AbortController()
    expect(await readCorpus({ $file: 'c/' }, { files, log, signal })).toEqual({
      documents: [
        { source: 'a.md', text: 'Alpha' },
        { source: 'b.html', text: 'Beta\n\nGamma' },
      ],
      skipped: 1,
    })
  })
})

describe('code in Markdown', () => {
  const prose = (text: string): string[] =>
    passagesOf({ source: 'a.md', text }).map((passage) => passage.text)

  it.each([
    ['a fence', 'before\n\n```js\ncode\n```\n\nafter', ['before after']],
    ['a fence of tildes around backticks', 'a\n~~~\n```\ncode\n~~~\nb', ['a b']],
    ['a longer fence around a shorter one', 'a\n````md\n```js\ncode\n```\nmore\n````\nb', ['a b']],
    ['an opening inside a fence', 'a\n```\n```js\ncode\n```\nb', ['a b']],
    ['a fence that never ends', 'a\n\n```js\ncode\n\nb', ['a js code b']],
    ['a longer fence that never ends', 'a\n````\ncode\n```\nb', ['a code b']],
    ['a code span of three backticks', 'a\n\n```code``` b\n\nc', ['a ```code``` b c']],
    ['a document that is nothing but code', '```\nonly code\n```', ['only code']],
    ['line ends of Windows', 'a\r\n\r\n```\r\ncode\r\n```\r\nb', ['a b']],
  ])('is left out, and nothing else: %s', (_name, text, expected) => {
    expect(prose(text)).toEqual(expected)
  })

  it('has headings of its own for short sections', () => {
    expect(passagesOf({ source: 'a', text: 'intro\n# One #\nfirst\n## Two\n\nThree\n===\nthird' })).toEqual([
      { source: 'a', heading: '', text: 'intro' },
      { source: 'a', heading: 'One', text: 'first' },
      { source: 'a', heading: 'Two', text: 'Two' },
      { source: 'a', heading: 'Three', text: 'third' },
    ])
  })

  it.each([
    ['one<br>two<br/>three', 'one two three'],
    ['a <b>bold</b>face', 'a boldface'],
    ['[text](url) and ![badge](x)', 'text and'],
    ['[![badge](x)](y) [a](b_(c)) z', 'a z'],
    ['a < b and c > d', 'a < b and c > d'],
    ['<!-- hidden --> seen', 'seen'],
    ['[a]: https://x.org "T"\nkept', 'kept'],
  ])('reads %j as %j', (markdown, text) => {
    expect(plainText(markdown)).toBe(text)
  })
})

describe('pages', () => {
  it.each([
    ['plain words', 'plain words'],
    ['<!doctype html>', '<!doctype html>'],
    ['', ''],
    ['<div>a</div><div>b</div>', 'a\n\nb'],
    ['<p>cookie</p><div>content</div>', 'cookie\n\ncontent'],
    ['<ul><li><p>x</p></li></ul>', 'x'],
    ['<html><body><h2>Title</h2><p>Text</p><script>alert(1)</script></body></html>', '# Title\n\nText'],
    ['<p>Office<br>Silom<br/>Road</p>', 'Office\n\nSilom\n\nRoad'],
    ['<p>a <b>bold</b>face, a<wbr>b</p>', 'a boldface, ab'],
    ['<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>', 'a\n\nb\n\nc'],
    ['<ul><li>a<li>b</ul>c', 'a\n\nb\n\nc'],
    ['<dl><dt>a</dt><dd>b</dd></dl>', 'a\n\nb'],
    ['a<hr>b', 'a\n\nb'],
    ['<select><option>a<option>b</select>', 'a\n\nb'],
    ['<my-card>a</my-card><my-card>b</my-card>', 'a\n\nb'],
    [
      '<header>site</header><article><header><h1>W</h1></header>t<footer>by A</footer></article>',
      '# W\n\nt\n\nby A',
    ],
    ['<nav>menu</nav><p>t</p><footer>imprint</footer>', 't'],
    ['<h2>a<br>b</h2>c', '# a b\n\nc'],
    ['<p><ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby></p>', '漢字'],
  ])('reads %j', (html, text) => {
    expect(textOfHtml(html)).toBe(text)
  })
})

describe('a page nested without end', () => {
  it('is read', () => {
    expect(textOfHtml(`${'<div>'.repeat(5_000)}deep`)).toBe('deep')
  })
})

describe('a page of a machine', () => {
  const deep = `${'<div>'.repeat(10_001)}deep`
  const many = '<i>'.repeat(10) + '</i>'.repeat(500_000)

  it('with more siblings than a call has room for arguments is read', () => {
    expect(textOfHtml('a<br>'.repeat(70_000)).match(/a/g)).toHaveLength(70_000)
  })

  it('is told where it is too deep or too large', () => {
    expect(() => textOfHtml(deep)).toThrow('the page is nested more than 10000 elements deep')
    expect(() => textOfHtml(many)).toThrow('the page has more than 500000 tags')
    expect(textOfHtml(`<p>a</p><svg>${'<path d="M0 0"/>'.repeat(10_001)}</svg>`)).toBe('a')
    expect(() => textOfHtml('<div/>'.repeat(10_001))).toThrow('elements deep')
    // Items and paragraphs end without a tag.
    expect(textOfHtml(`<ul>${'<li>a'.repeat(10_001)}</ul>`)).toContain('a\n\na')
  })

  it('is skipped, and the others of its folder are read', async () => {
    const texts: Record<string, string> = { 'f/t/a.html': deep, 'f/t/b.html': '<p>fine</p>' }
    const warned: unknown[] = []
    const context = {
      signal: new AbortController().signal,
      log: { warn: (_message: string, facts?: object) => void warned.push(facts) },
      files: {
        list: async () => Object.keys(texts).map((key) => ({ key, bytes: 9 })),
        readText: async (key: string) => texts[key] ?? '',
      },
    } as never
    expect(await readCorpus({ $file: 'f/t/' }, context)).toEqual({
      documents: [{ source: 'b.html', text: 'fine' }],
      skipped: 1,
    })
    expect(warned).toEqual([{ key: 'f/t/a.html', reason: expect.stringContaining('10000 elements deep') }])
  })
})

describe('themes and gaps', () => {
  const findings = (query: string, ...texts: string[]) => ({
    findings: {
      query,
      engine: 'extractive',
      documents: texts.length,
      skipped: 0,
      passages: texts.map((text, index) => ({
        citation: index + 1,
        source: `${index}.md`,
        heading: '',
        text,
        score: 1,
      })),
    },
  })

  it('are found in Thai and Chinese', () => {
    expect(findThemes(findings('x', 'ลูกค้าขอเงิน', 'คืนเงินให้ลูกค้า')).themes.map(({ term }) => term)).toEqual([
      'ลูกค้า',
      'เงิน',
    ])
    expect(findGaps(findings('退款 价格', '退款政策'))).toMatchObject({
      covered: ['退款'],
      missing: ['价格'],
    })
  })

  it('know decomposed letters', () => {
    expect(findGaps(findings('café', 'The CAFE\u0301 is open'))).toMatchObject({ missing: [] })
  })
})
