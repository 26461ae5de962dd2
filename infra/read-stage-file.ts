import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import { StageError } from './stage-place.ts'

/** The values of a stage's file, and their places. */
export type StageFile = {
  name: string
  fields: Readonly<Record<string, unknown>>
  /** `line 3, column 1`; for a missing value, the place of its parent. */
  placeOf(path: readonly PropertyKey[]): string
  /** The same for a field's name. */
  placeOfKey(path: readonly PropertyKey[]): string
}

/**
 * Reads the YAML of a stage. Where `isText` holds for a field, an unquoted scalar keeps its text: as a number, the account
 * 012345678901 would lose its zero, and the tag 1.10 too. Throws StageError with line and column.
 */
export function readStageFile(name: string, text: string, isText: (field: string) => boolean): StageFile {
  const lines = new LineCounter()
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { prettyErrors: false, lineCounter: lines })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `line ${line}, column ${col}`
  }
  const wrong = [...document.errors, ...document.warnings]
  if (wrong.length > 0) {
    const told = wrong.map(({ pos, message }) => `\n  ${at(pos[0])}: ${message}`)
    throw new StageError(`stages/${name}.yaml is not YAML:${told.join('')}`)
  }
  if (document.contents !== null && !isMap(document.contents) && !isNothing(document.contents)) {
    const place = at(document.contents.range?.[0] ?? 0)
    throw new StageError(
      `stages/${name}.yaml, ${place}: a stage is fields with their values, each in a line, as in stages/default.yaml`,
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
