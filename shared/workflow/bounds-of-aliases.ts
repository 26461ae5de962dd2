import { isAlias, isMap, isPair, isScalar, isSeq } from 'yaml'
import { MOST_CHARACTERS } from './bounds-of-text.ts'

/**
 * The alias by which a text exceeds the limit when aliases are expanded (text/B5), or which refers to its own anchor's content; undefined
 * when there is none.
 */
export function aliasBeyondBound(contents: unknown): { offset: number; message: string } | undefined {
  const sizes = new Map<string, number | 'open'>()
  let size = 0
  let found: { offset: number; message: string } | undefined

  function measure(node: unknown): void {
    if (found) return
    if (isPair(node)) {
      measure(node.key)
      return measure(node.value)
    }
    if (isAlias(node)) return measureAlias(node.source, node.range?.[0] ?? 0)
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return
    const before = size
    if (node.anchor) sizes.set(node.anchor, 'open')
    size += isScalar(node) ? Math.max(1, String(node.source ?? '').length) : 1
    if (!isScalar(node)) node.items.forEach(measure)
    if (node.anchor) sizes.set(node.anchor, size - before)
  }

  function measureAlias(name: string, offset: number): void {
    const meant = sizes.get(name)
    if (meant === 'open') found = { offset, message: `the alias *${name} stands within what it means` }
    size += Number(meant ?? 1)
    if (size <= MOST_CHARACTERS || found) return
    const message = `with its aliases written out a text has at most ${MOST_CHARACTERS} characters; this one passes that at *${name}`
    found = { offset, message }
  }

  measure(contents)
  return found
}
