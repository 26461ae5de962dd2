import type { Json } from '../../../shared/domain/json.ts'

/** The columns of all rows in order of first appearance; nested values as JSON text. */
export function formatCsv(rows: readonly Record<string, Json>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const lines = rows.map((row) => columns.map((column) => field(row[column])).join(','))
  return [columns.map(field).join(','), ...lines, ''].join('\r\n')
}

function field(value: Json | undefined): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
