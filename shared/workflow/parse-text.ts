import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml'
import { type Issue, issue } from '../domain/issue.ts'
import { placeAt } from '../domain/issue-place.ts'
import { aliasBeyondBound } from './bounds-of-aliases.ts'
import { boundPassedBy } from './bounds-of-text.ts'
import type { IssueInText } from './issue-places.ts'
import { missingColon } from './missing-colon.ts'

const MOST_ISSUES = 20
const BYTE_ORDER_MARK = /^\uFEFF/

/**
 * Parses YAML or JSON, or returns issues with line and column. A byte order mark is skipped. Dates stay text, `<<` merges, and a tag
 * outside YAML's core schema is an issue, because its meaning is undefined.
 */
export function parseText(given: string): { value: unknown; issues: Issue[] } {
  const text = given.replace(BYTE_ORDER_MARK, '')
  const bound = boundPassedBy(text)
  if (bound) return refused(text, [{ ...issue('too-large', '', bound.message), offset: bound.offset }])
  const document = parseDocument(text, {
    prettyErrors: false,
    // Checked below, because the parser's check is quadratic.
    uniqueKeys: false,
    merge: true,
    resolveKnownTags: false,
  })
  // What comes after the first place that cannot be read is mostly its consequence.
  const [first] = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0])
  if (first) {
    const { offset, message } = missingColon(first, text) ?? { offset: first.pos[0], message: first.message }
    return refused(text, [syntax(offset, message)])
  }
  const issues = [
    ...document.warnings.map(({ pos, message }) => syntax(pos[0], message)),
    ...issuesOfNodes(document),
  ]
  if (issues.length > 0) return refused(text, issues)
  const alias = aliasBeyondBound(document.contents)
  if (alias) return refused(text, [{ ...issue('too-large', '', alias.message), offset: alias.offset }])
  try {
    // The expansion of aliases was limited above.
    return { value: document.toJS({ maxAliasCount: -1 }), issues: [] }
  } catch (error) {
    return refused(text, [syntax(undefined, (error as Error).message)])
  }
}

/** Computes places only for the issues that are reported, because each takes time linear in the text. */
function refused(text: string, issues: readonly IssueInText[]) {
  const told = issues.slice(0, MOST_ISSUES).map(({ offset, ...one }) => ({
    ...one,
    ...(offset === undefined ? {} : placeAt(text, offset)),
  }))
  return { value: undefined, issues: told }
}

const syntax = (offset: number | undefined, message: string): IssueInText => ({
  ...issue('bad-syntax', '', `not YAML or JSON: ${message.split('\n')[0]}`),
  offset,
})

/** Issues of duplicate or non-text keys, merges of values that are no maps, and numbers that JSON cannot represent exactly. */
function issuesOfNodes(document: Document.Parsed): IssueInText[] {
  const issues: IssueInText[] = []
  /** The content of each anchor so far; an alias refers to the last one before it. */
  const anchors = new Map<string, unknown>()
  const note = (node: { anchor?: string }): void => {
    if (node.anchor) anchors.set(node.anchor, node)
  }
  visit(document, {
    Pair(_key, { key, value }) {
      if (!isScalar(key) || key.source !== '<<' || key.type !== 'PLAIN' || isMergeable(value, anchors)) return
      issues.push(syntax(key.range?.[0] ?? 0, '<< merges a map, or a list of maps, such as <<: *defaults'))
    },
    Seq: (_key, node) => note(node),
    Scalar(_key, node) {
      note(node)
      const { value, range, source } = node
      if (typeof value !== 'number') return
      const offset = range?.[0] ?? 0
      if (!Number.isFinite(value)) issues.push(syntax(offset, `${source} is no number that JSON has`))
      else if (losesDigits(String(source), value)) issues.push(lostDigits(offset, String(source), value))
    },
    Map(_key, node) {
      note(node)
      const { items } = node
      const seen = new Set<string>()
      for (const { key } of items) {
        if (!isScalar(key)) {
          const offset = (key as { range?: [number, number, number] } | null)?.range?.[0] ?? 0
          if (isMap(key) || !isAlias(key)) issues.push(syntax(offset, 'a key is text, no list or map'))
          continue
        }
        const name = String(key.value)
        const offset = key.range?.[0] ?? 0
        if (seen.has(name) && name !== '<<')
          issues.push(syntax(offset, `the key ${JSON.stringify(name.slice(0, 100))} is there twice`))
        seen.add(name)
      }
    },
  })
  return issues
}

/** Whether `<<` can merge a value: a map or a list of maps, directly or by an alias, but no nested list. */
function isMergeable(value: unknown, anchors: Map<string, unknown>): boolean {
  const meant = (one: unknown): unknown => {
    // An item may refer to an earlier one in the same list.
    if (isMap(one) && one.anchor) anchors.set(one.anchor, one)
    return isAlias(one) ? anchors.get(one.source) : one
  }
  const source = meant(value)
  return isMap(source) || (isSeq(source) && source.items.every((one) => isMap(meant(one))))
}

/** Whether a number beyond 2^53 changes when it is written as JSON again. */
function losesDigits(source: string, value: number): boolean {
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return false
  if (/^[-+]?0[xo]/.test(source)) return BigInt(source.replace(/^[-+]/, '')) !== BigInt(Math.abs(value))
  // An exponent means that only the leading digits matter.
  return !/e/i.test(source) && digitsOf(source) !== digitsOf(String(value))
}

/** The significant digits. Trailing zeros are found by a loop, because a regular expression would be quadratic. */
function digitsOf(decimal: string): string {
  const digits = decimal.replace(/e.*/i, '').replaceAll(/[-+.]/g, '').replace(/^0+/, '')
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end--
  return digits.slice(0, end)
}

function lostDigits(offset: number, source: string, value: number): IssueInText {
  const shown = source.length > MOST_SHOWN ? `${source.slice(0, MOST_SHOWN)}...` : source
  const message = `${shown} would become ${value}: a number has 15 digits for sure; write it as text, "${shown}"`
  return { ...issue('loses-digits', '', message), offset }
}

const MOST_SHOWN = 60
