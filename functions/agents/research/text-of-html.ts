import { parseHTML } from 'linkedom'

/** The text of a page with its headings as Markdown, without scripts, styles and navigation. */
export function textOfHtml(html: string): string {
  const { document } = parseHTML(html)
  for (const noise of document.querySelectorAll('script, style, noscript, nav, header, footer, svg'))
    noise.remove()
  const blocks = document.querySelectorAll('h1, h2, h3, h4, p, li, pre, td, blockquote')
  const lines = [...blocks].map((block) => {
    const text = (block.textContent ?? '').replace(/\s+/g, ' ').trim()
    return /^H\d$/.test(block.tagName) ? `\n# ${text}\n` : `${text}\n`
  })
  const text = lines.join('\n').trim()
  return text || (document.body?.textContent ?? '').trim()
}
