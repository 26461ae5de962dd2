import { isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument } from 'yaml'

/**
 * Where a value stands in a YAML or JSON text, by its path (`steps.a.needs[0]`): its line and column, or those of what is around it
 * where it is not there. Empty for the whole. A member is where its key is.
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

  /** The offset of what the rest of a path names within a node, `before` being that of the node. */
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

/** The member whose name the path begins with, the longest of them: names may have dots. */
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
