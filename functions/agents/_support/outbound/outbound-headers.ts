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
/** Headers of one's own. */
const OWN = /^(?:x|webhook)-[a-z0-9-]{1,60}$/
/**
 * Words by which proxies, frameworks and clouds know headers that they believe: where a request comes from, what it is really for, and their own. A header with
 * such a word is not one's own.
 */
const BELIEVED = new Set(
  (
    'forwarded forward proxy proxied remote ip clientip addr cert ssl tls scheme proto original originating rewrite rewritten override middleware accel sendfile ' +
    'envoy istio authenticated webauth sso impersonate amz amzn aws ec2 azure arr waws ms google goog appengine cloudfront kubernetes'
  ).split(' '),
)
/** Such headers whose words are used for much else: keys of APIs are `x-auth-token`, `x-client-id`, `x-rapidapi-host`. */
const BELIEVED_WHOLE =
  /^x-(?:host|port|url|uri|path|request-ur[il]|https?|(?:http-)?method|user(?:name|id)?|user-(?:id|name|roles?|groups?)|roles?|groups?|admin|auth-(?:user|request).*|consumer-.*)$/

const isOwn = (name: string): boolean =>
  OWN.test(name) && !BELIEVED_WHOLE.test(name) && !name.split('-').some((word) => BELIEVED.has(word))

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
    if (!SENT.has(small) && !isOwn(small))
      throw wrong(
        `the header ${JSON.stringify(name.slice(0, 100))} may not be sent; allowed are ${[...SENT].join(', ')} and headers of your own, x-..., but none that proxies and clouds believe (x-forwarded-for, x-remote-user, x-original-url)`,
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
