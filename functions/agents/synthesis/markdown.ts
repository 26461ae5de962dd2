/** A Markdown table; cells are escaped, numbers in full with thousands separators. */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string {
  const line = (cells: readonly (string | number | undefined)[]): string =>
    `| ${cells.map(cellText).join(' | ')} |`
  return [line(header), `|${header.map(() => ' --- ').join('|')}|`, ...rows.map(line)].join('\n')
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`
}

function cellText(cell: string | number | undefined): string {
  if (cell === undefined) return ''
  if (typeof cell === 'number') return cell.toLocaleString('en', { maximumFractionDigits: 20 })
  return literal(cell)
}

/** Text from data as one line, with Markdown and HTML markup escaped. */
export function literal(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\|`*[\]<&]|(?<!\w)_|_(?!\w)|~~/g, (mark) => (mark === '~~' ? '\\~\\~' : `\\${mark}`))
}

/** Text of a document: its Markdown is kept, and only what HTML would read as a tag is escaped (`Map<string>`). */
export function withoutTags(text: string): string {
  return text.replace(/(`+)[^`]*\1|<(?=[a-z/!])/gi, (found) => (found === '<' ? '\\<' : found))
}
