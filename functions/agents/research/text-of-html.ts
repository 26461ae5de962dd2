import { parseHTML } from 'linkedom'

const NOISE = 'script, style, noscript, template, nav, svg, rt, rp'
/** At the top or bottom of a page they are the site's; inside an article they are its own. */
const BANNERS = 'header, footer'
const OWN = 'article, main, section'
const HEADINGS = 'h1, h2, h3, h4, h5, h6'
/** Elements that stand within a line of text; all others part words. */
const INLINE = new Set(
  (
    'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark math output q ruby s samp small span strike strong sub ' +
    'sup time tt u var wbr'
  ).split(' '),
)

/** The text of a page, its headings as Markdown, without scripts, styles and navigation; what is no page, as it is. */
export function textOfHtml(html: string): string {
  const page = /<[a-z][\w:-]*[\s>/]/i.test(html) ? html : ''
  const { document } = parseHTML(/<html[\s>]/i.test(page) ? page : `<html><body>${page}</body></html>`)
  for (const noise of document.querySelectorAll(NOISE)) noise.remove()
  for (const banner of document.querySelectorAll(BANNERS)) if (!banner.closest(OWN)) banner.remove()
  const root = document.body ?? document.documentElement
  for (const element of root?.querySelectorAll('*') ?? []) {
    if (INLINE.has(element.localName)) continue
    element.before('\n\n')
    element.after('\n\n')
  }
  for (const heading of document.querySelectorAll(HEADINGS)) {
    heading.textContent = `# ${oneLine(heading.textContent)}`
  }
  const lines = (root?.textContent ?? '').split('\n').map(oneLine)
  return (
    lines
      .filter((line, index) => line !== '' || lines[index - 1] !== '')
      .join('\n')
      .trim() || (page ? '' : html)
  )
}

function oneLine(text: string | null): string {
  return (text ?? '').replace(/\s+/g, ' ').trim()
}
