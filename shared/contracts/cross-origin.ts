/**
 * CORS: what pages of other origins may send to the API and read of its responses. The origins are a stage's
 * `allowedOrigins`.
 */
import type { Route } from './route.ts'

/** The headers of an AWS Signature Version 4. */
const SIGNATURE_HEADERS = ['authorization', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token']

/** Response headers that scripts of other origins may read, in addition to those that CORS always exposes. */
export const EXPOSED_HEADERS = [
  'allow',
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'www-authenticate',
] as const

/** How long a browser may cache the answer to a preflight request. */
export const PREFLIGHT_SECONDS = 3_600

/** Request headers that the routes read. */
export function allowedHeaders(routes: readonly Route[]): string[] {
  const ofRoutes = routes.flatMap(({ from }) => Object.values(from?.headers ?? {}))
  return [...new Set(['content-type', ...SIGNATURE_HEADERS, ...ofRoutes])].sort()
}

export const allowedMethods = (routes: readonly Route[]): Route['method'][] =>
  [...new Set(routes.map(({ method }) => method))].sort()
