import { marked } from 'marked'
import sanitizeHtml from 'sanitize-html'

type Page = { title: string; markdown: string; charts: { name: string; title: string; svg: string }[] }

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1a202c}' +
  'table{border-collapse:collapse}td,th{border:1px solid #cbd5e0;padding:.25rem .6rem;text-align:left}' +
  'blockquote{border-left:3px solid #cbd5e0;margin:0;padding-left:1rem;color:#4a5568}img{max-width:100%}'

/** A self-contained page: no scripts, nothing loaded from elsewhere, charts embedded as images. */
export function formatHtml({ title, markdown, charts }: Page): string {
  const body = sanitizeHtml(marked.parse(markdown, { async: false }), {
    allowedTags: [...sanitizeHtml.defaults.allowedTags, 'img'],
    allowedAttributes: { a: ['href'], img: ['src', 'alt'] },
    allowedSchemesByTag: { img: ['data'], a: ['http', 'https', 'mailto'] },
    transformTags: { img: (tagName, attributes) => ({ tagName, attribs: withChart(attributes, charts) }) },
  })
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeText(title)}</title><style>${STYLE}</style></head><body>${body}</body></html>`
}

/** SVG in an image element runs no scripts, even if its source is not trusted. */
function withChart(attributes: sanitizeHtml.Attributes, charts: Page['charts']): sanitizeHtml.Attributes {
  const chart = charts.find(({ name }) => name === attributes.src)
  if (!chart) return attributes
  return { alt: chart.title, src: `data:image/svg+xml;base64,${Buffer.from(chart.svg).toString('base64')}` }
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
