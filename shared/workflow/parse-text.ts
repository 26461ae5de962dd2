import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import { type Issue, issue } from '../domain/issue.ts'
import { aliasBeyondBound } from './bounds-of-aliases.ts'
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
  const alias = aliasBeyondBound(document.contents)
  if (alias) return refused(issue('too-large', at(alias.offset), alias.message))
  try {
    // No more than what has just been counted.
    return { value: document.toJS({ maxAliasCount: -1 }), issues: [] }
  } catch (error) {
    return refused(syntax('', (error as Error).message))
  }
}

const refused = (...issues: Issue[]) => ({ value: undefined, issues })

const syntax = (path: string, message: string): Issue =>
  issue('bad-syntax', path, `not YAML or JSON: ${message.split('\n')[0]}`)

/** Keys that a map has twice or that are no text, merges of what is no map, numbers that JSON has not or that lose digits. */
function issuesOfNodes(document: Document.Parsed, at: (offset: number) => string): Issue[] {
  const issues: Issue[] = []
  /** What stands at each anchor so far: an alias means the last one before it. */
  const anchors = new Map<string, unknown>()
  const note = (node: { anchor?: string }): void => {
    if (node.anchor) anchors.set(node.anchor, node)
  }
  visit(document, {
    Pair(_key, { key, value }) {
      if (!isScalar(key) || key.source !== '<<' || key.type !== 'PLAIN' || isMergeable(value, anchors)) return
      issues.push(
        syntax(at(key.range?.[0] ?? 0), '<< merges a map, or a list of maps, such as <<: *defaults'),
      )
    },
    Seq: (_key, node) => note(node),
    Scalar(_key, node) {
      note(node)
      const { value, range, source } = node
      if (typeof value !== 'number') return
      const place = at(range?.[0] ?? 0)
      if (!Number.isFinite(value)) issues.push(syntax(place, `${source} is no number that JSON has`))
      else if (losesDigits(String(source), value)) issues.push(lostDigits(place, String(source), value))
    },
    Map(_key, node) {
      note(node)
      const { items } = node
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

/** The parser merges a map, or a list of maps, each as it is or by an alias; a list in a list it does not. */
function isMergeable(value: unknown, anchors: Map<string, unknown>): boolean {
  const meant = (one: unknown): unknown => {
    // An item may mean one before it in the same list.
    if (isMap(one) && one.anchor) anchors.set(one.anchor, one)
    return isAlias(one) ? anchors.get(one.source) : one
  }
  const source = meant(value)
  return isMap(source) || (isSeq(source) && source.items.every((one) => isMap(meant(one))))
}

/** Whether a whole number (or one with a fraction) beyond 2^53 is another number when it is written as JSON again. */
function losesDigits(source: string, value: number): boolean {
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return false
  if (/^[-+]?0[xo]/.test(source)) return BigInt(source.replace(/^[-+]/, '')) !== BigInt(Math.abs(value))
  // An exponent says that the first digits count.
  return !/e/i.test(source) && digitsOf(source) !== digitsOf(String(value))
}

/** The significant ones. The end is found by hand: an expression for it would look from each zero on. */
function digitsOf(decimal: string): string {
  const digits = decimal.replace(/e.*/i, '').replaceAll(/[-+.]/g, '').replace(/^0+/, '')
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end--
  return digits.slice(0, end)
}

function lostDigits(path: string, source: string, value: number): Issue {
  const shown = source.length > MOST_SHOWN ? `${source.slice(0, MOST_SHOWN)}...` : source
  const message = `${shown} would become ${value}: a number has 15 digits for sure; write it as text, "${shown}"`
  return issue('loses-digits', path, message)
}

const MOST_SHOWN = 60

function placeIn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
}
