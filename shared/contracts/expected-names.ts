/**
 * The names that a deployment brings, as an environment variable tells them: themselves where they are short, else their number and a digest,
 * because all variables of a function together have 4 KB.
 */
export type ExpectedNames = { names: readonly string[] } | { count: number; digest: string }

type Digest = (text: string) => string

const MOST_CHARACTERS = 1_000
const DIGEST_CHARACTERS = 16

/** `echo,scribe`, or `#400:0123456789abcdef`. */
export function textOfExpected(names: readonly string[], digest: Digest): string {
  const text = names.join(',')
  return text.length <= MOST_CHARACTERS ? text : `#${names.length}:${digestOf(names, digest)}`
}

const NAMES = /^[a-z][\w.-]*(?:,[a-z][\w.-]*)*$/i

/** What another release has written in a way of its own expects nothing (environment/V2). */
export function parseExpected(text: string): ExpectedNames {
  const [, count, digest] = /^#(\d+):([0-9a-f]+)$/.exec(text) ?? []
  if (count !== undefined && digest !== undefined) return { count: Number(count), digest }
  return { names: NAMES.test(text) ? text.split(',') : [] }
}

/** How many of the expected names are among the registered ones, and which are not, where they are known by name. */
export function countExpected(
  expected: ExpectedNames,
  registered: readonly string[],
  digest: Digest,
): { registered: number; expected: number; missing: string[] } {
  if ('names' in expected) {
    const known = new Set(registered)
    const missing = expected.names.filter((name) => !known.has(name))
    return {
      registered: expected.names.length - missing.length,
      expected: expected.names.length,
      missing,
    }
  }
  const { count } = expected
  const isAll = digestOf(registered, digest) === expected.digest
  return { registered: isAll ? count : Math.min(registered.length, count - 1), expected: count, missing: [] }
}

const digestOf = (names: readonly string[], digest: Digest): string =>
  digest(names.toSorted().join('\n')).slice(0, DIGEST_CHARACTERS)
