import { textOf } from './bounded.ts'

/** The most characters of a value that a message shows. */
const MOST_SHOWN = 60

/** The part of a value at a path; undefined when absent. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found: unknown = value
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined
    found = (found as Record<PropertyKey, unknown>)[part]
  }
  return found
}

export const cut = (text: string): string =>
  text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text

/** A value as JSON, shortened: `"abc..." (600 characters)`, `[1,2,3...] (50 members)`. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    const size = value.length > MOST_SHOWN ? ` (${value.length} characters)` : ''
    return `${JSON.stringify(cut(value))}${size}`
  }
  if (value === undefined) return 'nothing'
  const size = Array.isArray(value) ? ` (${value.length} members)` : ''
  const text = jsonOf(value)
  return text.length > MOST_SHOWN ? `${cut(text)}${size}` : text
}

function jsonOf(value: unknown): string {
  // JSON would write NaN and Infinity as null.
  if (typeof value === 'number') return String(value)
  try {
    return JSON.stringify(value) ?? textOf(value)
  } catch {
    return textOf(value)
  }
}
