import { type Document, isMap, isNode, isPair, isScalar, parseDocument, visit } from 'yaml'
import { excerptOf } from '../shared/domain/excerpt.ts'
import { type Place, placeAt } from '../shared/domain/issue-place.ts'
import { StageError } from './stage-place.ts'

/** The values of a stage's file, and their places. */
export type StageFile = {
  name: string
  fields: Readonly<Record<string, unknown>>
  /** The place of a value; for a missing one, that of its parent. */
  placeOf(path: readonly PropertyKey[]): Place
  /** The place of a field's name. */
  placeOfKey(path: readonly PropertyKey[]): Place
}

/**
 * Reads the YAML of a stage. Where `isText` holds for a field, an unquoted scalar keeps its text: as a number, the account
 * 012345678901 would lose its zero, and the tag 1.10 too. Throws StageError with line and column.
 */
export function readStageFile(name: string, text: string, isText: (field: string) => boolean): StageFile {
  const given = text.replace(/^\uFEFF/, '')
  const document = parseDocument(given, { prettyErrors: false })
  const at = (offset: number): Place => placeAt(given, offset)
  const wrong = [...document.errors, ...document.warnings]
  if (wrong.length > 0) {
    const told = wrong.slice(0, MOST_TOLD).map(({ pos, message }) => `\n  ${toldAt(at(pos[0]), message)}`)
    throw new StageError(`stages/${name}.yaml is not YAML:${told.join('')}`)
  }
  if (document.contents !== null && !isMap(document.contents) && !isNothing(document.contents)) {
    const { line, column } = at(document.contents.range?.[0] ?? 0)
    throw new StageError(
      `stages/${name}.yaml, line ${line}, column ${column}: a stage is fields with their values, each in a line, as in stages/default.yaml`,
    )
  }
  keepText(document, isText)
  return {
    name,
    fields: fieldsOf(document, name),
    placeOf: (path) => at(offsetOf(document, path)),
    placeOfKey: (path) => at(offsetOfKey(document, path)),
  }
}

/** The most syntax errors that are reported for one file. */
const MOST_TOLD = 20

/** A message with its place, and the line itself with a caret under the place. */
export function toldAt(place: Place, message: string): string {
  const excerpt = excerptOf(place).map((line) => `\n${line}`)
  return `line ${place.line}, column ${place.column}: ${message}${excerpt.join('')}`
}

const isNothing = (node: unknown): boolean => isScalar(node) && node.value === null

function fieldsOf(document: Document.Parsed, name: string): Record<string, unknown> {
  try {
    return (document.toJS({ maxAliasCount: 100 }) ?? {}) as Record<string, unknown>
  } catch (error) {
    throw new StageError(`stages/${name}.yaml is not YAML: ${(error as Error).message}`)
  }
}

function keepText(document: Document.Parsed, isText: (field: string) => boolean): void {
  visit(document, {
    Scalar(_key, node, [, , pair]) {
      const field = isPair(pair) && isScalar(pair.key) ? String(pair.key.value) : ''
      if (node.type === 'PLAIN' && node.value !== null && node.source !== undefined && isText(field))
        node.value = node.source
    },
  })
}

/** The offset of the innermost node that exists on the path. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

function offsetOfKey(document: Document.Parsed, path: readonly PropertyKey[]): number {
  const around = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
  const pair = isMap(around)
    ? around.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1))
    : undefined
  return isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : offsetOf(document, path)
}
