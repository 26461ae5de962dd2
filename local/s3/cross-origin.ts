import type { AwsRequest } from '../aws/requests.ts'
import type { IamService } from '../iam/service.ts'
import type { ObjectStore } from './object-store.ts'
import { placeOf } from './place.ts'
import { isOurLink } from './presigned.ts'

const TARGET = 'x-amz-target'

/** A rule of a bucket's CORS configuration. */
export type CorsRule = {
  origins: readonly string[]
  methods: readonly string[]
  headers: readonly string[]
  exposed: readonly string[]
  maxAgeSeconds: number
}

type Asked = Pick<AwsRequest, 'method' | 'path' | 'headers'>
export type CrossOriginAnswer = { headers: Record<string, string>; isPreflight: boolean }

/**
 * What a page of another origin is told, as the bucket's rules say; undefined where none fits. Requests here need no signature, and a page
 * may not use that: without one it may only send what carries one of its own, a signed link or a signed form.
 */
export function crossOriginOf(
  store: ObjectStore,
  iam: Pick<IamService, 'secretOf'>,
  request: Asked,
): CrossOriginAnswer | undefined {
  const { headers, method } = request
  const { origin } = headers
  if (origin === undefined) return undefined
  const named = headers['access-control-request-headers']?.split(',').map((name) => name.trim()) ?? []
  // By this header another service answers at the same port.
  if (headers[TARGET] !== undefined || named.some((name) => name.toLowerCase() === TARGET)) return undefined
  const { bucket, key } = placeOf(request.path)
  const asked = headers['access-control-request-method']
  const isPreflight = method === 'OPTIONS' && asked !== undefined
  const rule = store
    .corsOf(bucket)
    .find((one) => matchesOne(one.origins, origin) && one.methods.includes(isPreflight ? asked : method))
  if (!rule) return undefined
  // A form carries its signature in its body, where it is checked.
  const isForm = method === 'POST' && key === '' && !request.path.includes('?')
  if (!isPreflight && !isForm && !isOurLink(request, iam)) return undefined
  if (isPreflight && !named.every((name) => matchesOne(rule.headers, name.toLowerCase()))) return undefined
  return {
    isPreflight,
    headers: {
      'access-control-allow-origin': rule.origins.includes('*') ? '*' : origin,
      'access-control-allow-methods': rule.methods.join(', '),
      ...(rule.exposed.length > 0 ? { 'access-control-expose-headers': rule.exposed.join(', ') } : {}),
      ...(isPreflight
        ? {
            'access-control-allow-headers': named.join(', '),
            'access-control-max-age': String(rule.maxAgeSeconds),
          }
        : {}),
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    },
  }
}

/** Compared as text: of wildcards only the one that stands for everything. */
const matchesOne = (allowed: readonly string[], value: string): boolean =>
  allowed.some((one) => one === '*' || one.toLowerCase() === value.toLowerCase())
