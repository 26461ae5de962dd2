import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { askingPage, PAGE_HEADERS, tellingPage } from '../../../functions/api/link-page.ts'

const ATTACKS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</pre></textarea></form><form action="https://evil.example">',
  '&lt;script&gt;',
  '<!--',
  '\u2028</title><svg/onload=alert(1)>',
]
const PLACE = { action: '/api/v1/links/a-b', secret: 's'.repeat(43) }
const offered = (text: string) => ({
  action: 'answer' as const,
  ...{ taskId: text, stepId: text, prompt: text, value: { [text]: text }, editable: true, choices: [text] },
  ...{ madeBy: text, expiresAt: text, digest: text },
})
/** The tags of a page, without what is between them. */
const tagsOf = (page: string): string[] => [...page.matchAll(/<[^>]*>/g)].map(([tag]) => tag)
/** A tag without the values of its attributes. */
const shapeOf = (tag: string): string => tag.replace(/="[^"]*"/g, '=""')

describe('a page of a link (link-page/H1)', () => {
  const shape = tagsOf(askingPage(offered('plain'), PLACE)).map(shapeOf)

  it.each(ATTACKS)('has no other markup with %s in every text', (text) => {
    const page = askingPage(offered(text), PLACE)
    expect(tagsOf(page).map(shapeOf)).toEqual(shape)
    expect(page).not.toContain(text.includes('<') ? text : '\0')
    expect(tagsOf(tellingPage(text, text)).map(shapeOf)).toEqual(tagsOf(tellingPage('a', 'b')).map(shapeOf))
  })

  it('has none with any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`<>"'&=/ ;!-ax`) }), (text) => {
        expect(tagsOf(askingPage(offered(text), PLACE)).map(shapeOf)).toEqual(shape)
      }),
    )
  })

  it('says for whom one answers only where something is answered', () => {
    const result = { action: 'result' as const, taskId: 't', madeBy: 'ada', expiresAt: 'later' }
    expect(askingPage(offered('ada'), PLACE)).toContain('From ada, for whom you answer.')
    expect(askingPage(result, PLACE)).toContain('From ada. Until later.')
  })

  it('may run no script, load nothing, be in no frame, and sends its address nowhere (link-page/H2)', () => {
    expect(PAGE_HEADERS['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    )
    expect(PAGE_HEADERS).toMatchObject({
      'referrer-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    const page = askingPage(offered('plain'), PLACE)
    expect(page).not.toMatch(/<(a|img|script|link|iframe)\b|https?:|javascript:| on\w+=/i)
  })
})
