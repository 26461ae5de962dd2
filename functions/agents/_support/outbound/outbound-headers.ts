import { OrchestratorError } from 'orchestrator/agent'

/** What a caller may send: what describes the request, and keys of APIs. What describes the connection, or claims who sends it, is not among them. */
const SENT = new Set([
  'accept',
  'accept-language',
  'api-key',
  'authorization',
  'content-language',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'prefer',
  'range',
  'user-agent',
])
/** Headers of one's own, but none that proxies or clouds believe. */
const OWN =
  /^(?:x-(?!forwarded|real-ip|amz|aws|azure|ms-|google|goog|original|rewrite|http-method|envoy|client-ip)|webhook-)[a-z0-9-]{1,60}$/

const RETURNED =
  /^(?:age|cache-control|content-(?:disposition|language|length|type)|date|etag|expires|last-modified|link|location|(?:x-)?ratelimit-[a-z-]+|retry-after|x-(?:request|correlation)-id|x-total-count)$/

/** Stay after a redirect to another origin: they say nothing about who asks. */
const ANYWHERE = new Set(['accept', 'accept-language', 'content-language', 'content-type', 'user-agent'])

const MOST_BYTES = 8_000

/** Names in small letters. Throws InvalidInputError for a header that is not allowed, or whose value is none. */
export function checkHeaders(given: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    const small = name.toLowerCase()
    if (!SENT.has(small) && !OWN.test(small))
      throw wrong(
        `the header ${JSON.stringify(name.slice(0, 100))} may not be sent; allowed are ${[...SENT].join(', ')} and headers of your own, x-...`,
      )
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would begin another header
    if (/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(value))
      throw wrong(`the header ${small} has a character that no header may have`)
    headers[small] = value
  }
  if (JSON.stringify(headers).length > MOST_BYTES)
    throw wrong(`the headers have more than ${MOST_BYTES} characters`)
  return headers
}

/** The headers for another origin, which must not get the keys of the first. */
export const headersForOthers = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => ANYWHERE.has(name)))

/** The headers of an answer that are told: no cookies. */
export const returnedHeaders = (
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value !== undefined && RETURNED.test(name) ? [[name, String(value).slice(0, 2_000)]] : [],
    ),
  )

const wrong = (message: string): OrchestratorError => new OrchestratorError('InvalidInputError', message)
