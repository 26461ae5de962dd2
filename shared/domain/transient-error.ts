/**
 * Recognizes transient errors: failed connections, and services that are overloaded or restarting. Libraries report
 * them differently, so this reads the common members: Node's and undici's `code`, the HTTP status of `fetch` wrappers,
 * and the members by which the AWS SDK (`$retryable`, `$metadata`) and the AI SDK (`isRetryable`) classify errors.
 *
 * Invariants (tests cite them):
 * transient/T1 reading never throws, for any thrown value, and ends even for a circular `cause`
 * transient/T2 an error counts as transient if it, a cause of it or one of an AggregateError's errors does
 */

export type Transient = { reason: string; retryAfterSeconds?: number }

const CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EAI_AGAIN',
]
/**
 * Prefix of undici's error codes. They are transient, except for invalid requests, its own limits, and aborts by the
 * caller.
 */
const UNDICI = 'UND_ERR_'
const UNDICI_MISTAKES = [
  'INVALID_ARG',
  'INVALID_RETURN_VALUE',
  'NOT_SUPPORTED',
  'REQ_CONTENT_LENGTH_MISMATCH',
  'RES_CONTENT_LENGTH_MISMATCH',
  'RES_EXCEEDED_MAX_SIZE',
  'HEADERS_OVERFLOW',
  'ABORTED',
  'ABORT',
].map((code) => UNDICI + code)

/** Request Timeout, Too Early, Too Many Requests. */
const STATUSES = [408, 425, 429]

/** Error names of `AbortSignal.timeout`, and of throttling by AWS services, whose status is 400. */
const NAMES = [
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'BandwidthLimitExceeded',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'TransactionInProgressException',
  'SlowDown',
]

/** How many nested causes are read. */
const MOST_DEPTH = 5
/** Errors of an AggregateError that are read: one for each address that was tried. */
const MOST_ERRORS = 10

/** Why an error is transient, and its retry-after time if it has one; undefined when nothing indicates that it is. */
export function transientError(thrown: unknown, now: Date | undefined, depth = 0): Transient | undefined {
  if (typeof thrown !== 'object' || thrown === null || depth > MOST_DEPTH) return undefined
  const reason = reasonOf(thrown)
  if (reason !== undefined) {
    const retryAfterSeconds = retryAfterOf(thrown, now)
    return { reason, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
  }
  const errors = memberOf(thrown, 'errors')
  const inner = [memberOf(thrown, 'cause'), ...(Array.isArray(errors) ? errors.slice(0, MOST_ERRORS) : [])]
  for (const one of inner) {
    const found = transientError(one, now, depth + 1)
    if (found) return found
  }
  return undefined
}

function reasonOf(error: object): string | undefined {
  const code = memberOf(error, 'code')
  if (typeof code === 'string' && isTransientCode(code)) return code
  const status = statusOf(error)
  if (status !== undefined && (STATUSES.includes(status) || (status >= 500 && status <= 599)))
    return `status ${status}`
  const name = memberOf(error, 'name')
  if (typeof name === 'string' && NAMES.includes(name)) return name
  if (memberOf(error, '$retryable') || memberOf(error, 'isRetryable') === true) return 'its library says so'
  return undefined
}

const isTransientCode = (code: string): boolean =>
  CODES.includes(code) || (code.startsWith(UNDICI) && !UNDICI_MISTAKES.includes(code))

/** The HTTP status in an error of `fetch` wrappers (`status`, `statusCode`, `response.status`) or of the AWS SDK. */
function statusOf(error: object): number | undefined {
  const response = memberOf(error, 'response')
  const found = [
    memberOf(error, 'status'),
    memberOf(error, 'statusCode'),
    memberOf(response, 'status'),
    memberOf(response, 'statusCode'),
    memberOf(memberOf(error, '$metadata'), 'httpStatusCode'),
  ]
  return found.find((status) => typeof status === 'number')
}

/** `Retry-After` (RFC 9110, 10.2.3) in seconds, from the headers that an error carries. */
function retryAfterOf(error: object, now: Date | undefined): number | undefined {
  const places = [
    memberOf(error, 'headers'),
    memberOf(error, 'responseHeaders'),
    memberOf(memberOf(error, 'response'), 'headers'),
    memberOf(memberOf(error, '$response'), 'headers'),
  ]
  for (const headers of places) {
    const text = headerIn(headers, 'retry-after')
    if (text === undefined) continue
    const seconds = secondsIn(text, now)
    if (seconds > 0) return seconds
  }
  return undefined
}

/** A number of seconds, or a date; NaN for any other text, and for a date when the current time is unknown. */
const secondsIn = (text: string, now: Date | undefined): number =>
  /^\d+(\.\d+)?$/.test(text) ? Number(text) : (Date.parse(text) - (now?.getTime() ?? Number.NaN)) / 1_000

/** A header of a `Headers`, or of an object with lower-case or capitalised names. */
function headerIn(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  try {
    if (headers instanceof Headers) return headers.get(name) ?? undefined
    const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
    return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined
  } catch {
    return undefined
  }
}

/** A member that may be a getter that throws (transient/T1); undefined of what is no object. */
export function memberOf(value: unknown, member: string): unknown {
  try {
    return typeof value === 'object' && value !== null ? Reflect.get(value, member) : undefined
  } catch {
    return undefined
  }
}
