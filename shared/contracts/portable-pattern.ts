/** What the classes of JavaScript's expressions mean, without brackets. In Python, Java, .NET or Go the same letters mean other characters. */
const CLASSES: Readonly<Record<string, string>> = {
  d: '0-9',
  w: 'A-Za-z0-9_',
  s: '\\t\\n\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff',
}
/** Any character at all, in every language. */
const ANY = '[\\s\\S]'

/**
 * An expression whose classes (`\d`, `\w`, `\s`) are written out, so that it matches the same texts in every language as it does in JavaScript. Throws for a negated class
 * inside brackets, which cannot be written so, and for a dot that stands for a character: JavaScript knows four line ends, others one.
 */
export function portablePattern(pattern: string): string {
  let [written, isInside] = ['', false]
  for (let at = 0; at < pattern.length; ) {
    if (pattern.startsWith(ANY, at) && !isInside) {
      written += ANY
      at += ANY.length
      continue
    }
    const char = pattern[at] ?? ''
    const token = char === '\\' ? pattern.slice(at, at + 2) : char
    written += tokenOf(token, isInside, pattern)
    if (token === '[') isInside = true
    if (token === ']') isInside = false
    at += token.length
  }
  return written
}

function tokenOf(token: string, isInside: boolean, pattern: string): string {
  const name = token[1] ?? ''
  const [members, others] = [CLASSES[name], CLASSES[name.toLowerCase()]]
  const isUnclear =
    (isInside && members === undefined && others !== undefined) || (!isInside && token === '.')
  if (isUnclear) throw new Error(`the pattern ${pattern} means other things in other languages by "${token}"`)
  if (members !== undefined) return isInside ? members : `[${members}]`
  return others === undefined ? token : `[^${others}]`
}

/** A JSON Schema with such patterns, at all depths. */
export function withPortablePatterns<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(withPortablePatterns) as T
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]: [string, unknown]) => [
      key,
      key === 'pattern' && typeof value === 'string' ? portablePattern(value) : withPortablePatterns(value),
    ]),
  ) as T
}
