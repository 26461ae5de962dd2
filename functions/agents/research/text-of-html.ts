import { parseHTML } from 'linkedom'

const NOISE = 'script, style, noscript, template, nav, header, footer, svg'
const BLOCKS = 'p, li, pre, td, th, blockquote, div, section, article, dt, dd, figcaption'
const HEADINGS = 'h1, h2, h3, h4, h5, h6'

/** The text of a page, its headings as Markdown, without scripts, styles and navigation; what is no page, as it is. */
export function textOfHtml(html: string): string {
  const page = /<\w+[\s>]/.test(html) ? html : ''
  const { document } = parseHTML(/<html[\s>]/i.test(page) ? page : `<html><body>${page}</body></html>`)
  for (const noise of document.querySelectorAll(NOISE)) noise.remove()
  for (const heading of document.querySelectorAll(HEADINGS)) {
    heading.textContent = `\n\n# ${oneLine(heading.textContent)}\n\n`
  }
  for (const block of document.querySelectorAll(BLOCKS)) block.append('\n\n')
  const text = (document.body ?? document.documentElement)?.textContent ?? ''
  const lines = text.split('\n').map(oneLine)
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
