/** A Markdown table; cells are escaped, numbers as people write them. */
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
  const text = typeof cell === 'number' ? cell.toLocaleString('en', { maximumSignificantDigits: 6 }) : cell
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ')
}
