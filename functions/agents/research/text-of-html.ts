import { parseHTML } from 'linkedom'
import { OrchestratorError } from 'orchestrator/agent'

const NOISE = new Set('script style noscript template nav svg rt rp'.split(' '))
/** At the top or bottom of a page these belong to the site; inside an article they are content. */
const BANNERS = new Set(['header', 'footer'])
const OWN = new Set(['article', 'main', 'section'])
const HEADING = /^h[1-6]$/
/** Inline elements; all others separate words. */
const INLINE = new Set(
  (
    'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark math output q ruby s samp small span strike strong sub ' +
    'sup time tt u var wbr'
  ).split(' '),
)

/** The parser's time grows with the square of the depth. */
const MOST_DEPTH = 10_000
const MOST_TAGS = 500_000

/**
 * The text of an HTML page, its headings as Markdown, without scripts, styles and navigation; text that is not HTML is unchanged. Throws
 * InvalidInputError for a page that is nested too deeply or has too many tags, as none that is read by people has.
 */
export function textOfHtml(html: string): string {
  const page = /<[a-z][\w:-]*[\s>/]/i.test(html) ? html : ''
  requireReadable(page)
  const { document } = parseHTML(/<html[\s>]/i.test(page) ? page : `<html><body>${page}</body></html>`)
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

/** Elements that have no end, and those whose end is often left out, which the parser then adds: neither nests by itself. */
const FLAT = new Set(
  'area base br col embed hr img input link meta source track wbr p li dt dd option optgroup tr td th tbody thead tfoot rp rt'.split(
    ' ',
  ),
)

const FOREIGN = new Set(['svg', 'math'])

/** Throws InvalidInputError for a page that would take the parser minutes. */
export function requireReadable(html: string): void {
  let tags = 0
  let depth = 0
  let foreign = 0
  for (const [, end, name = '', rest = ''] of html.matchAll(/<(\/?)([a-z][\w:-]*)([^<>]*)/gi)) {
    const element = name.toLowerCase()
    tags += 1
    // Only in drawings and formulas does a slash end an element.
    const isWhole = foreign > 0 && rest.endsWith('/')
    if (!FLAT.has(element) && !isWhole) depth = end ? Math.max(0, depth - 1) : depth + 1
    if (FOREIGN.has(element) && !isWhole) foreign = end ? Math.max(0, foreign - 1) : foreign + 1
    if (tags > MOST_TAGS) throw unreadable(`has more than ${MOST_TAGS} tags`)
    if (depth > MOST_DEPTH) throw unreadable(`is nested more than ${MOST_DEPTH} elements deep`)
  }
}

const unreadable = (why: string): OrchestratorError =>
  new OrchestratorError(
    'InvalidInputError',
    `the page ${why}: it cannot be read as a text; give a part of it`,
  )

const ELEMENT_NODE = 1
const TEXT_NODE = 3

type Ahead = Node | 'block' | 'heading ends' | 'own ends'

/** The text with empty lines between blocks; a heading is one line. Iterative: nesting may be deeper than the call stack allows. */
function partedText(root: Node | null): string {
  const parts: string[] = []
  const ahead: Ahead[] = root ? [root] : []
  let headings = 0
  let own = 0
  const part = (): void => void parts.push(headings > 0 ? ' ' : '\n\n')
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (typeof next === 'string') {
      if (next === 'own ends') own -= 1
      if (next === 'heading ends') headings -= 1
      part()
    } else if (next.nodeType === TEXT_NODE)
      parts.push(headings > 0 ? oneLineInside(next.nodeValue) : (next.nodeValue ?? ''))
    else if (next.nodeType === ELEMENT_NODE) {
      const name = (next as Element).localName
      if (NOISE.has(name) || (BANNERS.has(name) && own === 0)) continue
      if (!INLINE.has(name)) {
        part()
        ahead.push(HEADING.test(name) ? 'heading ends' : OWN.has(name) ? 'own ends' : 'block')
      }
      if (OWN.has(name)) own += 1
      if (HEADING.test(name) && ++headings === 1) parts.push('# ')
      const children = next.childNodes
      for (let at = children.length - 1; at >= 0; at--) ahead.push(children[at] as Node)
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
