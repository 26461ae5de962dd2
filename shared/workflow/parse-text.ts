import { type Document, isAlias, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import { type Issue, issue } from '../domain/issue.ts'
import { boundPassedBy } from './bounds-of-text.ts'

const MOST_ISSUES = 20
const BYTE_ORDER_MARK = /^\uFEFF/

/**
 * YAML or JSON text as a value, or where it stops being either (line and column). A byte order mark is no part of it. Dates stay
 * text, `<<` merges, and a tag that is not YAML's core is an issue: what it would mean is nowhere said.
 */
export function parseText(given: string): { value: unknown; issues: Issue[] } {
  const text = given.replace(BYTE_ORDER_MARK, '')
  const bound = boundPassedBy(text)
  if (bound) return refused(issue('too-large', placeIn(text, bound.offset), bound.message))
  const lines = new LineCounter()
  const document = parseDocument(text, {
    prettyErrors: false,
    // Looked for below: the parser compares each key with each.
    uniqueKeys: false,
    merge: true,
    resolveKnownTags: false,
    lineCounter: lines,
  })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `line ${line}, column ${col}`
  }
  const issues = [
    ...document.errors.map(({ pos, message }) => syntax(at(pos[0]), message)),
    ...document.warnings.map(({ pos, message }) => syntax(at(pos[0]), message)),
    ...issuesOfNodes(document, at),
  ]
  if (issues.length > 0) return refused(...issues.slice(0, MOST_ISSUES))
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), issues: [] }
  } catch (error) {
    return refused(syntax('', (error as Error).message))
  }
}

const refused = (...issues: Issue[]) => ({ value: undefined, issues })

const syntax = (path: string, message: string): Issue =>
  issue('bad-syntax', path, `not YAML or JSON: ${message.split('\n')[0]}`)

/** Keys that a map has twice or that are no text, and numbers that JSON has not. */
function issuesOfNodes(document: Document.Parsed, at: (offset: number) => string): Issue[] {
  const issues: Issue[] = []
  visit(document, {
    Scalar(_key, { value, range, source }) {
      if (typeof value === 'number' && !Number.isFinite(value))
        issues.push(syntax(at(range?.[0] ?? 0), `${source} is no number that JSON has`))
    },
    Map(_key, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        if (!isScalar(key)) {
          const offset = (key as { range?: [number, number, number] } | null)?.range?.[0] ?? 0
          if (isMap(key) || !isAlias(key)) issues.push(syntax(at(offset), 'a key is text, no list or map'))
          continue
        }
        const name = String(key.value)
        const offset = key.range?.[0] ?? 0
        if (seen.has(name) && name !== '<<')
          issues.push(syntax(at(offset), `the key ${JSON.stringify(name.slice(0, 100))} is there twice`))
        seen.add(name)
      }
    },
  })
  return issues
}

function placeIn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
}
