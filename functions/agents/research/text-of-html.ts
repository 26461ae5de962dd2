import { parseHTML } from 'linkedom'

const NOISE = 'script, style, noscript, template, nav, svg, rt, rp'
/** At the top or bottom of a page these belong to the site; inside an article they are content. */
const BANNERS = 'header, footer'
const OWN = 'article, main, section'
const HEADING = /^h[1-6]$/
/** Inline elements; all others separate words. */
const INLINE = new Set(
  (
    'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark math output q ruby s samp small span strike strong sub ' +
    'sup time tt u var wbr'
  ).split(' '),
)

/** The text of an HTML page, its headings as Markdown, without scripts, styles and navigation; text that is not HTML is unchanged. */
export function textOfHtml(html: string): string {
  const page = /<[a-z][\w:-]*[\s>/]/i.test(html) ? html : ''
  const { document } = parseHTML(/<html[\s>]/i.test(page) ? page : `<html><body>${page}</body></html>`)
  for (const noise of document.querySelectorAll(NOISE)) noise.remove()
  for (const banner of document.querySelectorAll(BANNERS)) if (!banner.closest(OWN)) banner.remove()
  const lines = partedText(document.body ?? document.documentElement)
    .split('\n')
    .map(oneLine)
  return (
    lines
      .filter((line, index) => line !== '' || lines[index - 1] !== '')
      .join('\n')
      .trim() || (page ? '' : html)
  )
}

const ELEMENT_NODE = 1
const TEXT_NODE = 3

/** The text with empty lines between blocks; a heading is one line. Iterative: nesting may be deeper than the call stack allows. */
function partedText(root: Node | null): string {
  const parts: string[] = []
  const ahead: (Node | 'block' | 'heading ends')[] = root ? [root] : []
  let headings = 0
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (next === 'heading ends') headings -= 1
    if (typeof next === 'string') parts.push(headings > 0 ? ' ' : '\n\n')
    else if (next.nodeType === TEXT_NODE)
      parts.push(headings > 0 ? oneLineInside(next.nodeValue) : (next.nodeValue ?? ''))
    else if (next.nodeType === ELEMENT_NODE) {
      const name = (next as Element).localName
      if (!INLINE.has(name)) {
        parts.push(headings > 0 ? ' ' : '\n\n')
        ahead.push(HEADING.test(name) ? 'heading ends' : 'block')
      }
      if (HEADING.test(name) && ++headings === 1) parts.push('# ')
      ahead.push(...[...next.childNodes].toReversed())
    }
  }
  return parts.join('')
}

function oneLineInside(text: string | null): string {
  return (text ?? '').replace(/\s+/g, ' ')
}

function oneLine(text: string): string {
  return oneLineInside(text).trim()
}
