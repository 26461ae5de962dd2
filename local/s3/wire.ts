import { AwsError } from '../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../aws/requests.ts'
import type { IamService } from '../iam/service.ts'
import { takeForm } from './form-upload.ts'
import { escapeXml, listObjects } from './list-objects.ts'
import { listVersions, versionOf } from './list-versions.ts'
import type { ObjectStore } from './object-store.ts'
import { placeOf, refuseLongKey } from './place.ts'
import { requireSignature } from './presigned.ts'
import { deleteObjects } from './removal/delete-objects.ts'
import { answerTagging, tagsInHeader } from './removal/lifecycle.ts'
import { serveObject } from './serve-object.ts'
import { answerUpload, isOfUpload } from './upload-wire.ts'

/** Subresources that would change the meaning of a request, and are not supported. */
const SUBRESOURCES = ['acl', 'tagging', 'versionId', 'policy', 'attributes']

/**
 * S3's REST protocol, path-style: put (also in parts), copy, tag, get (also ranges and presigned), head, delete (also of many), list (also the one version of
 * each), the buckets, and browser uploads by POST policy.
 */
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
    return answerTagging(store, { bucket, key }, request, decodeBody(request).toString())
  const isLocked = store.locks.has(bucket)
  const { searchParams } = request.url
  if (request.method === 'GET' && key === '' && searchParams.has('versions'))
    return listVersions(store, bucket, searchParams)
  if (request.method === 'POST' && key === '' && searchParams.has('delete'))
    return deleteObjects(store, bucket, decodeBody(request).toString())
  const unknown = [...request.url.searchParams.keys()].find(
    (name) => SUBRESOURCES.includes(name) && !(isLocked && name === 'versionId'),
  )
  if (unknown !== undefined) throw new AwsError('NotImplemented', `the local S3 does not do ${unknown}`, 501)
  if (request.method === 'POST' && key === '') return takeForm(store, bucket, request, iam)
  if (request.method === 'GET' && key === '') return listObjects(store, bucket, request.url.searchParams)
  if (key === '') return answerBucket(request.method)
  refuseLongKey(key)
  requireSignature(request, iam)
  const body = (): Buffer => decodeBody(request)
  if (isOfUpload(request)) return answerUpload(store, { bucket, key }, request, body)
  if (searchParams.has('versionId')) await requireVersion(store, { bucket, key }, searchParams)
  if (request.method === 'PUT' && request.headers['if-none-match'] === '*') {
    const etag = await store.putNew(bucket, key, body(), request.headers['content-type'])
    if (etag !== undefined) return { status: 200, headers: { etag }, body: '' }
    throw new AwsError(
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
      412,
    )
  }
  if (request.method === 'PUT' && request.headers['x-amz-copy-source'] !== undefined)
    return copyObject(store, { bucket, key }, request)
  if (request.method === 'PUT') {
    const etag = await store.put(bucket, key, body(), request.headers['content-type'])
    store.setTags(bucket, key, tagsInHeader(request.headers['x-amz-tagging']))
    return { status: 200, headers: { etag }, body: '' }
  }
  if (request.method === 'DELETE') {
    await store.remove(bucket, key)
    return { status: 204, headers: {}, body: '' }
  }
  if (request.method === 'GET' || request.method === 'HEAD')
    return serveObject(store, { bucket, key }, request)
  throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405)
}

/** Throws NoSuchVersion unless the object has this version: each has one. */
async function requireVersion(
  store: ObjectStore,
  { bucket, key }: { bucket: string; key: string },
  query: URLSearchParams,
): Promise<void> {
  const entry = await store.find(bucket, key)
  if (entry && versionOf(entry) === query.get('versionId')) return
  throw new AwsError('NoSuchVersion', `The specified version does not exist: ${query.get('versionId')}`, 404)
}

function answerBucket(method: string): AwsResponse {
  if (method === 'HEAD') return { status: 200, headers: {}, body: '' }
  throw new AwsError('NotImplemented', `the local S3 does not do ${method} of a bucket`, 501)
}

/** CopyObject: with `REPLACE` the metadata, and the tags, are those of the request. */
async function copyObject(
  store: ObjectStore,
  { bucket, key }: { bucket: string; key: string },
  { headers }: AwsRequest,
): Promise<AwsResponse> {
  const [from = '', ...rest] = decodeURIComponent(headers['x-amz-copy-source'] ?? '')
    .replace(/^\//, '')
    .split('/')
  const source = rest.join('/')
  const found = await store.get(from, source)
  if (!found) throw new AwsError('NoSuchKey', `The specified key does not exist: ${source}`, 404)
  const isNew = headers['x-amz-metadata-directive'] === 'REPLACE'
  const tags =
    headers['x-amz-tagging-directive'] === 'REPLACE'
      ? tagsInHeader(headers['x-amz-tagging'])
      : store.tagsOf(from, source)
  const etag = await store.put(bucket, key, found.body, isNew ? headers['content-type'] : found.contentType)
  store.setTags(bucket, key, tags)
  const at = new Date().toISOString()
  const body = `<?xml version="1.0" encoding="UTF-8"?><CopyObjectResult><LastModified>${at}</LastModified><ETag>${escapeXml(etag)}</ETag></CopyObjectResult>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

function listBuckets(store: ObjectStore): AwsResponse {
  const buckets = store.listBuckets().map((name) => `<Bucket><Name>${escapeXml(name)}</Name></Bucket>`)
  const body = `<?xml version="1.0" encoding="UTF-8"?><ListAllMyBucketsResult><Buckets>${buckets.join('')}</Buckets></ListAllMyBucketsResult>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
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
