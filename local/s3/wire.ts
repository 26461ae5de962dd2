import { createHmac, timingSafeEqual } from 'node:crypto'
import { AwsError } from '../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../aws/requests.ts'
import type { IamService } from '../iam/service.ts'
import { escapeXml, listObjects } from './list-objects.ts'
import type { Entry } from './object-index.ts'
import type { ObjectStore } from './object-store.ts'
import { placeOf } from './place.ts'

const MOST_KEY_BYTES = 1_024
/** Subresources that would change the meaning of a request, and are not supported. */
const SUBRESOURCES = [
  'acl',
  'tagging',
  'uploads',
  'uploadId',
  'partNumber',
  'versionId',
  'versions',
  'delete',
  'policy',
]

/** S3's REST protocol, path-style: put, get, head, delete, list, the buckets, and browser uploads by POST policy. */
export async function answerS3(
  store: ObjectStore,
  request: AwsRequest,
  iam: IamService,
): Promise<AwsResponse> {
  const { bucket, key } = placeOf(request.path)
  if (bucket === '' && request.method === 'GET') return listBuckets(store)
  if (!store.hasBucket(bucket))
    throw new AwsError('NoSuchBucket', `The specified bucket does not exist: ${bucket}`, 404)
  if (request.url.searchParams.has('tagging') && request.method !== 'GET')
    return tag(store, bucket, key, request)
  const unknown =
    [...request.url.searchParams.keys()].find((name) => SUBRESOURCES.includes(name)) ?? request.headers.range
  if (unknown !== undefined) throw new AwsError('NotImplemented', `the local S3 does not do ${unknown}`, 501)
  if (request.method === 'POST' && key === '') return upload(store, bucket, request, iam)
  if (request.method === 'GET' && key === '') return listObjects(store, bucket, request.url.searchParams)
  if (key === '') return answerBucket(request.method)
  refuseLongKey(key)
  if (request.method === 'PUT') {
    const etag = await store.put(bucket, key, decodeBody(request), request.headers['content-type'])
    return { status: 200, headers: { etag }, body: '' }
  }
  if (request.method === 'DELETE') {
    await store.remove(bucket, key)
    return { status: 204, headers: {}, body: '' }
  }
  const found: (Entry & { body?: Buffer }) | undefined =
    request.method === 'HEAD' ? await store.find(bucket, key) : await store.get(bucket, key)
  if (!found) throw new AwsError('NoSuchKey', `The specified key does not exist: ${key}`, 404)
  const headers = {
    etag: found.etag,
    'content-type': found.contentType,
    'content-length': String(found.size),
    'last-modified': new Date(found.modifiedAt).toUTCString(),
  }
  return { status: 200, headers, body: found.body ?? '' }
}

function answerBucket(method: string): AwsResponse {
  if (method === 'HEAD') return { status: 200, headers: {}, body: '' }
  throw new AwsError('NotImplemented', `the local S3 does not do ${method} of a bucket`, 501)
}

function refuseLongKey(key: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes > MOST_KEY_BYTES)
    throw new AwsError('KeyTooLongError', `Your key is too long: ${bytes} bytes of at most ${MOST_KEY_BYTES}`)
}

/** Accepts tags without effect: nothing expires on a laptop. */
async function tag(
  store: ObjectStore,
  bucket: string,
  key: string,
  { method }: AwsRequest,
): Promise<AwsResponse> {
  if (!(await store.get(bucket, key)))
    throw new AwsError('NoSuchKey', `The specified key does not exist: ${key}`, 404)
  return { status: method === 'DELETE' ? 204 : 200, headers: {}, body: '' }
}

function listBuckets(store: ObjectStore): AwsResponse {
  const buckets = store.listBuckets().map((name) => `<Bucket><Name>${escapeXml(name)}</Name></Bucket>`)
  const body = `<?xml version="1.0" encoding="UTF-8"?><ListAllMyBucketsResult><Buckets>${buckets.join('')}</Buckets></ListAllMyBucketsResult>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

type Policy = {
  expiration: string
  conditions: (Record<string, string> | [string, string | number, string | number])[]
}

/** A form upload: the policy's signature, time, key and size are checked as S3 checks them. */
async function upload(
  store: ObjectStore,
  bucket: string,
  request: AwsRequest,
  iam: IamService,
): Promise<AwsResponse> {
  const form = await readForm(request)
  const field = (name: string): string =>
    String([...form].find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1] ?? '')
  const file = form.get('file')
  if (!(file instanceof Blob))
    throw new AwsError('InvalidArgument', 'POST requires exactly one file upload per request.')
  const encoded = field('policy')
  if (!signatureMatches(encoded, field('x-amz-credential'), field('x-amz-signature'), iam.secretOf)) {
    throw new AwsError(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
      403,
    )
  }
  if (field('key') === '')
    throw new AwsError('InvalidArgument', "Bucket POST must contain a field named 'key'.")
  refuseLongKey(field('key'))
  const policy = JSON.parse(Buffer.from(encoded, 'base64').toString()) as Policy
  const refusal = refusalOf(policy, { key: field('key'), bucket, size: file.size })
  if (refusal) throw refusal
  // A signed form grants no more than its signer's permissions.
  iam.authorizeKey(
    field('x-amz-credential').split('/')[0],
    's3:PutObject',
    `arn:aws:s3:::${bucket}/${field('key')}`,
  )
  const body = Buffer.from(await file.arrayBuffer())
  const etag = await store.put(bucket, field('key'), body, field('content-type') || undefined)
  return { status: 204, headers: { etag }, body: '' }
}

async function readForm({ body, headers }: AwsRequest): Promise<FormData> {
  const contentType = headers['content-type'] ?? ''
  try {
    return await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData()
  } catch {
    throw new AwsError(
      'MalformedPOSTRequest',
      'The body of your POST request is not well-formed multipart/form-data.',
    )
  }
}

function refusalOf(
  { expiration, conditions }: Policy,
  { key, bucket, size }: { key: string; bucket: string; size: number },
): AwsError | undefined {
  if (Date.parse(expiration) < Date.now())
    return new AwsError('AccessDenied', 'Invalid according to Policy: Policy expired.', 403)
  for (const condition of conditions) {
    if (Array.isArray(condition)) {
      const [kind, least, most] = condition
      if (least === '$key') {
        const fits = kind === 'starts-with' ? key.startsWith(String(most)) : kind === 'eq' && key === most
        if (!fits)
          return new AwsError('AccessDenied', 'Invalid according to Policy: Policy Condition failed.', 403)
      }
      if (kind !== 'content-length-range') continue
      if (size > Number(most))
        return new AwsError(
          'EntityTooLarge',
          `Your proposed upload exceeds the maximum allowed size: ${size} of ${most} bytes`,
        )
      if (size < Number(least))
        return new AwsError('EntityTooSmall', `Your proposed upload is smaller than ${least} bytes`)
    } else if ((condition.key ?? key) !== key || (condition.bucket ?? bucket) !== bucket) {
      return new AwsError('AccessDenied', 'Invalid according to Policy: Policy Condition failed.', 403)
    }
  }
  return undefined
}

function signatureMatches(
  policy: string,
  credential: string,
  signature: string,
  secretOf: (id: string) => string | undefined,
): boolean {
  const [accessKeyId = '', date = '', region = '', service = ''] = credential.split('/')
  const secret = secretOf(accessKeyId)
  if (secret === undefined) return false
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    (signing, part) => createHmac('sha256', signing).update(part).digest(),
    `AWS4${secret}`,
  )
  const expected = createHmac('sha256', key).update(policy).digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** The body without the `aws-chunked` encoding, in which SDKs send signed chunks and a trailing checksum. */
function decodeBody({ body, headers }: AwsRequest): Buffer {
  if (
    !(headers['content-encoding'] ?? '').includes('aws-chunked') &&
    !headers['x-amz-decoded-content-length']
  )
    return body
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16)
    if (!(size > 0)) break
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
  return Buffer.concat(parts)
}
