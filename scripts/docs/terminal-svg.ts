import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'

const COLUMN = 8.4
const LINE = 19
const MARGIN = 18
const TITLE = 34

/** Colours of the select-graphic-rendition codes that the CLI uses. */
const COLOURS: Readonly<Record<string, string>> = {
  31: '#f47067',
  32: '#57ab5a',
  33: '#c69026',
  34: '#539bf5',
  36: '#39c5cf',
  90: '#768390',
}
const FOREGROUND = '#adbac7'

type Style = { bold: boolean; dim: boolean; colour: string | undefined }
const PLAIN: Style = { bold: false, dim: false, colour: undefined }

/** Renders a text with ANSI colours as SVG. Each span is placed at its column, so any monospaced font will do. */
export function terminalSvg(text: string, title: string): string {
  const lines = text.trimEnd().split('\n')
  const columns = Math.max(...lines.map((line) => stringWidth(stripVTControlCharacters(line))))
  const width = Math.ceil(columns * COLUMN + 2 * MARGIN)
  const height = TITLE + lines.length * LINE + MARGIN
  let style = PLAIN
  const rows = lines.map((line, index) => {
    const told = spans(line, style)
    style = told.style
    const y = TITLE + (index + 0.8) * LINE
    return `<text xml:space="preserve" y="${y.toFixed(1)}">${told.spans.join('')}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${FOREGROUND}}.b{font-weight:700}.d{opacity:.6}</style>
<rect width="${width}" height="${height}" rx="8" fill="#1c2128"/>
<circle cx="20" cy="17" r="5" fill="#f47067"/><circle cx="38" cy="17" r="5" fill="#c69026"/><circle cx="56" cy="17" r="5" fill="#57ab5a"/>
${rows.join('\n')}
</svg>
`
}

/** Runs of equal style in a line, each at its column. */
function spans(line: string, before: Style): { spans: string[]; style: Style } {
  let style = before
  let column = 0
  const made: string[] = []
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what begins a colour
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what begins a colour
    const codes = /^\u001b\[([\d;]*)m$/.exec(part)
    if (codes) style = (codes[1] || '0').split(';').reduce(restyled, style)
    else if (part !== '') {
      made.push(span(part, column, style))
      column += stringWidth(part)
    }
  }
  return { spans: made, style }
}

function span(text: string, column: number, { bold, dim, colour }: Style): string {
  const classes = [bold ? 'b' : '', dim ? 'd' : ''].filter(Boolean).join(' ')
  const x = (MARGIN + column * COLUMN).toFixed(1)
  const length = (stringWidth(text) * COLUMN).toFixed(1)
  return `<tspan x="${x}" textLength="${length}"${classes ? ` class="${classes}"` : ''}${colour ? ` fill="${colour}"` : ''}>${escaped(text)}</tspan>`
}

function restyled(style: Style, code: string): Style {
  if (code === '0') return PLAIN
  if (code === '1') return { ...style, bold: true }
  if (code === '2') return { ...style, dim: true }
  if (code === '22') return { ...style, bold: false, dim: false }
  if (code === '39') return { ...style, colour: undefined }
  return { ...style, colour: COLOURS[code] ?? style.colour }
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
