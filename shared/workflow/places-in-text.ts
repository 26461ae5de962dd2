import { isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument } from 'yaml'

/**
 * Finds the line and column of a value in a YAML or JSON text by its path (`steps.a.needs[0]`), or of the closest enclosing value if it is
 * absent. Empty for the whole document. A member's place is that of its key.
 */
export function placesIn(text: string): (path: string) => string {
  const lines = new LineCounter()
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    prettyErrors: false,
    uniqueKeys: false,
    merge: true,
    resolveKnownTags: false,
    lineCounter: lines,
  })

  /** The offset of the rest of a path within a node, whose own offset is `before`. */
  function offsetOf(node: unknown, rest: string, before: number | undefined): number | undefined {
    if (rest === '') return before
    if (isAlias(node)) return offsetOf(node.resolve(document), rest, before)
    if (isSeq(node)) {
      const [whole, index] = /^(?:\[(\d+)\]|\.?(\d+))/.exec(rest)?.slice(0, 3).filter(Boolean) ?? []
      const item = index === undefined ? undefined : node.items[Number(index)]
      if (whole === undefined || item === undefined) return before
      return offsetOf(item, rest.slice(whole.length), rangeOf(item) ?? before)
    }
    if (!isMap(node)) return before
    const found = memberAt(node.items, rest.replace(/^\./, ''))
    return found ? offsetOf(found.value, found.rest, rangeOf(found.key) ?? before) : before
  }

  return (path) => {
    const offset = offsetOf(document.contents, path, undefined)
    if (offset === undefined) return ''
    const { line, col } = lines.linePos(offset)
    return `line ${line}, column ${col}`
  }
}

/** The member with the longest name that the path begins with, because names may contain dots. */
function memberAt(items: readonly Pair[], path: string) {
  return items
    .flatMap(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : undefined
      if (name === undefined || !path.startsWith(name)) return []
      const rest = path.slice(name.length)
      return rest === '' || rest.startsWith('.') || rest.startsWith('[') ? [{ name, key, value, rest }] : []
    })
    .sort((a, b) => b.name.length - a.name.length)[0]
}

const rangeOf = (node: unknown): number | undefined =>
  (node as { range?: [number, number, number] } | null | undefined)?.range?.[0]
