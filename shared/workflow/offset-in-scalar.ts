import type { Scalar } from 'yaml'

/**
 * The offset in a YAML text at which the character `at` of a scalar's value is written: block scalars lose their indentation, folded ones
 * their line breaks, quoted ones their escapes. Undefined when the character is itself written as an escape.
 */
export function offsetInScalar(
  source: string,
  { range, type, value }: Scalar,
  at: number,
): number | undefined {
  if (!range || typeof value !== 'string') return undefined
  const [start, end] = range
  let from = 0
  for (const { offset, text } of chunksOf(source.slice(start, end), String(type))) {
    const found = value.indexOf(text, from)
    if (found < 0 || found > at) return undefined
    if (at < found + text.length) return start + offset + at - found
    from = found + text.length
  }
  return undefined
}

/** The parts of a scalar's source that its value has unchanged and in this order. */
type Chunk = { offset: number; text: string }

function chunksOf(written: string, type: string): Chunk[] {
  const lines = linesOf(written)
  if (type.startsWith('BLOCK')) {
    const [, ...content] = lines
    const indent = Math.min(...content.filter(({ text }) => text.trim() !== '').map(indentOf))
    return content.flatMap(({ offset, text }) => chunk(offset + indent, text.slice(indent)))
  }
  const escapes = type === 'QUOTE_DOUBLE' ? ESCAPES : type === 'QUOTE_SINGLE' ? /''/g : undefined
  const hasQuotes = escapes !== undefined
  return lines.flatMap(({ offset, text }, line) => {
    const from = line === 0 && hasQuotes ? 1 : indentOf({ text })
    const isLast = line === lines.length - 1
    const to = isLast && hasQuotes ? text.lastIndexOf(text.at(-1) ?? '') : text.trimEnd().length
    return between(text.slice(0, to), from, escapes).map((part) => ({
      ...part,
      offset: part.offset + offset,
    }))
  })
}

/** YAML's escapes, https://yaml.org/spec/1.2.2/#57-escaped-characters. */
const ESCAPES = /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.|$)/g

/** The parts of a line between its escapes. */
function between(line: string, from: number, escapes: RegExp | undefined): Chunk[] {
  const chunks: Chunk[] = []
  let at = from
  for (const found of escapes ? line.matchAll(escapes) : []) {
    chunks.push(...chunk(at, line.slice(at, found.index)))
    at = found.index + found[0].length
  }
  return [...chunks, ...chunk(at, line.slice(at))]
}

const chunk = (offset: number, text: string): Chunk[] => (text === '' ? [] : [{ offset, text }])

const indentOf = ({ text }: { text: string }): number => text.length - text.trimStart().length

function linesOf(written: string): Chunk[] {
  let offset = 0
  return written.split('\n').map((line) => {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line
    const own = { offset, text }
    offset += line.length + 1
    return own
  })
}
