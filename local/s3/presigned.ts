import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { AwsError } from '../aws/errors.ts'
import type { AwsRequest } from '../aws/requests.ts'
import type { IamService } from '../iam/service.ts'

type Signed = Pick<AwsRequest, 'method' | 'path' | 'headers'>
type Secrets = Pick<IamService, 'secretOf'>

/** Whether a request is a link that somebody has signed. */
export const isPresigned = ({ path }: Pick<AwsRequest, 'path'>): boolean => path.includes('X-Amz-Signature=')

/** The access key id of a signed link. */
export const presignedBy = (path: string): string | undefined =>
  queryOf(path).get('X-Amz-Credential')?.split('/')[0]

/**
 * Throws where a signed link has expired, or was altered. Links that a person has signed with credentials of their own pass: their secret
 * is not known here.
 */
export function requireSignature(request: Signed, { secretOf }: Secrets): void {
  if (!isPresigned(request)) return
  const query = queryOf(request.path)
  const expiresAt = dateOf(query.get('X-Amz-Date')) + Number(query.get('X-Amz-Expires')) * 1_000
  if (!(expiresAt >= Date.now())) throw new AwsError('AccessDenied', 'Request has expired', 403)
  const secret = secretOf(presignedBy(request.path) ?? '')
  if (secret === undefined) return
  if (hasSignature(request, query, secret)) return
  const message =
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.'
  throw new AwsError('SignatureDoesNotMatch', message, 403)
}

/** Whether a page may follow the link: it is signed by one of our functions, and holds. */
export function isOurLink(request: Signed, { secretOf }: Secrets): boolean {
  if (!isPresigned(request) || secretOf(presignedBy(request.path) ?? '') === undefined) return false
  try {
    requireSignature(request, { secretOf })
    return true
  } catch {
    return false
  }
}

type Signing = { credential: string; secret: string; signature: string }

/** Whether `signature` is that of `text` under Signature Version 4. */
export function isSignatureOf(text: string, { credential, secret, signature }: Signing): boolean {
  const [, date = '', region = '', service = ''] = credential.split('/')
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    (signing, part) => createHmac('sha256', signing).update(part).digest(),
    `AWS4${secret}`,
  )
  const expected = createHmac('sha256', key).update(text).digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function hasSignature({ method, path, headers }: Signed, query: URLSearchParams, secret: string): boolean {
  const credential = query.get('X-Amz-Credential') ?? ''
  const signedHeaders = query.get('X-Amz-SignedHeaders') ?? ''
  const signed = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
  const named = signedHeaders.split(';').map((name) => `${name}:${(headers[name] ?? '').trim()}\n`)
  const canonical = [
    method,
    path.split('?')[0],
    signed.join('&'),
    named.join(''),
    signedHeaders,
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const [, ...scope] = credential.split('/')
  const digest = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', query.get('X-Amz-Date'), scope.join('/'), digest].join('\n')
  return isSignatureOf(text, { credential, secret, signature: query.get('X-Amz-Signature') ?? '' })
}

const queryOf = (path: string): URLSearchParams =>
  // A plus is a plus here: only HTML forms mean a space by it.
  new URLSearchParams(path.split('?').slice(1).join('?').replaceAll('+', '%2B'))

/** As Signature Version 4 encodes. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** Milliseconds since 1970 of `20261128T224335Z`; NaN for anything else. */
const dateOf = (text: string | null): number =>
  Date.parse((text ?? '').replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
