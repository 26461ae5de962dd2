import type { IncomingHttpHeaders } from 'node:http'
import type { CrossOrigin } from './gateway-api.ts'

type Headers = Record<string, string>

/**
 * The CORS headers for an allowed origin, and no headers for any other origin. As in API Gateway, functions do not set them. Origins are
 * compared as text: a wildcard in a user's CDK app matches no origin here, because requests to the local cloud are not signed.
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
