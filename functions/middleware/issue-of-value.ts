import { FORBIDDEN_NAME } from '../../shared/domain/not-json.ts'

/** Deeper than any of our schemas, but within the parser's stack. */
const MAX_DEPTH = 100
const MOST_QUOTED = 100

/**
 * Why a value is not allowed anywhere in a JSON body, independent of the schema; undefined if it is allowed. A lone surrogate is
 * refused: it has no UTF-8 encoding, so neither S3 nor DynamoDB could store it. A number that overflowed to infinity is refused:
 * JSON parsers do not agree on it.
 */
export function issueOfValue(value: unknown, path = 'the body', depth = MAX_DEPTH): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : `${cut(path)} ${HALF_PAIR}`
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : `${cut(path)} is a number beyond 1.8e308`
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === 0) return `the body is nested deeper than ${MAX_DEPTH} levels`
  for (const [key, member] of Object.entries(value)) {
    if (key === FORBIDDEN_NAME)
      return `${cut(path)} has a member ${FORBIDDEN_NAME}, as no member may be called`
    if (!key.isWellFormed()) return `a name in ${cut(path)} ${HALF_PAIR}`
    const issue = issueOfValue(member, `${path}.${key}`, depth - 1)
    if (issue) return issue
  }
  return undefined
}

const HALF_PAIR = 'has half of a surrogate pair (\\ud800-\\udfff alone), which is no text'

const cut = (path: string): string => (path.length > MOST_QUOTED ? `${path.slice(0, MOST_QUOTED)}...` : path)
