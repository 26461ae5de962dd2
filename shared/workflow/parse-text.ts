import { parseDocument } from 'yaml'
import type { Issue } from '../domain/issue.ts'

/** YAML or JSON text as a value, or where it stops being either (line and column). */
export function parseText(text: string): { value: unknown; issues: Issue[] } {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true })
  const issues = document.errors.map((error) => {
    const at = error.linePos?.[0]
    const message = `not YAML or JSON: ${error.message.split('\n')[0]}`
    return { code: 'bad-syntax', path: at ? `line ${at.line}, column ${at.col}` : '', message }
  })
  if (issues.length > 0) return { value: undefined, issues }
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), issues: [] }
  } catch (error) {
    return { value: undefined, issues: [{ code: 'bad-syntax', path: '', message: (error as Error).message }] }
  }
}
