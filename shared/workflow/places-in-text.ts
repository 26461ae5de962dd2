import { isAlias, isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { type Place, placeAt } from '../domain/issue-place.ts'
import { offsetInScalar } from './offset-in-scalar.ts'

/**
 * Finds the place of a value in a YAML or JSON text by its path (`steps.a.needs[0]`), or of the closest enclosing value if it is absent;
 * undefined for the whole document. A member's place is that of its key; with `within`, it is that of this character of the value.
 */
export function placesIn(given: string): (path: string, within?: number) => Place | undefined {
  const text = given.replace(/^\uFEFF/, '')
  const document = parseDocument(text, {
    prettyErrors: false,
    uniqueKeys: false,
    merge: true,
    resolveKnownTags: false,
  })

  /** The node at the rest of a path within a node, whose own offset is `offset`; `node` is undefined for an enclosing one. */
  function find(node: unknown, rest: string, offset: number | undefined): Found {
    if (isAlias(node)) return find(node.resolve(document), rest, offset)
    if (rest === '') return { node, offset }
    if (isSeq(node)) {
      const [whole, index] = /^(?:\[(\d+)\]|\.?(\d+))/.exec(rest)?.slice(0, 3).filter(Boolean) ?? []
      const item = index === undefined ? undefined : node.items[Number(index)]
      if (whole === undefined || item === undefined) return { offset }
      return find(item, rest.slice(whole.length), rangeOf(item) ?? offset)
    }
    if (!isMap(node)) return { offset }
    const path = rest.replace(/^\./, '')
    const found = memberAt(node.items, path)
    if (found) return find(found.value, found.rest, rangeOf(found.key) ?? offset)
    for (const merged of mergedInto(node)) {
      const inside = find(merged, path, undefined)
      if (inside.offset !== undefined) return inside
    }
    return { offset }
  }

  /** What `<<` merges into a map; the last of a list is overruled by those before it. */
  function mergedInto({ items }: YAMLMap): unknown[] {
    return items
      .filter(({ key }) => isScalar(key) && key.source === '<<')
      .flatMap(({ value }) => {
        const meant = isAlias(value) ? value.resolve(document) : value
        return isSeq(meant) ? meant.items : [meant]
      })
  }

  return (path, within) => {
    const { node, offset } = find(document.contents, path, undefined)
    if (offset === undefined) return undefined
    const exact = within === undefined || !isScalar(node) ? undefined : offsetInScalar(text, node, within)
    return placeAt(text, exact ?? offset)
  }
}

type Found = { node?: unknown; offset: number | undefined }

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
