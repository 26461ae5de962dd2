import type { IncomingHttpHeaders } from 'node:http'
import type { CrossOrigin } from './gateway-api.ts'

type Headers = Record<string, string>

/**
 * The headers that let a page of another origin read an answer; none for other origins. As in API Gateway, the gateway alone sets them.
 * Origins are compared as text: the wildcard of an app of one's own admits nobody on this machine, where no request is signed.
 */
export function crossOriginHeaders(
  { origin }: IncomingHttpHeaders,
  allowed: CrossOrigin | undefined,
): Headers {
  if (!allowed) return {}
  // A cache must not give one origin the answer to another.
  if (origin === undefined || !allowed.origins.includes(origin)) return { vary: 'origin' }
  return {
    vary: 'origin',
    'access-control-allow-origin': origin,
    ...(allowed.exposed.length > 0 ? { 'access-control-expose-headers': allowed.exposed.join(',') } : {}),
  }
}

/** The answer to a preflight request, by which a browser asks what it may send; undefined for any other request. */
export function preflightHeaders(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  allowed: CrossOrigin | undefined,
): Headers | undefined {
  const isPreflight = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
  if (!isPreflight || !allowed?.origins.includes(String(headers.origin))) return undefined
  return {
    ...crossOriginHeaders(headers, allowed),
    'access-control-allow-methods': allowed.methods.join(','),
    'access-control-allow-headers': allowed.headers.join(','),
    'access-control-max-age': String(allowed.maxAgeSeconds),
  }
}
