import { FORBIDDEN_NAME } from '../../shared/domain/not-json.ts'

/** Deeper than any schema of ours; a parser's stack is not. */
const MAX_DEPTH = 100
const MOST_QUOTED = 100

/**
 * What no part of a JSON body may be, whatever its schema says: undefined when there is nothing of the kind. Half a surrogate pair
 * is no text: UTF-8 has no bytes for it, so neither S3 nor DynamoDB could keep it. A number that became infinite was none that
 * JSON's readers agree on.
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
