import { crc32 } from 'node:zlib'
import { AwsError } from '../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../aws/requests.ts'
import { escapeXml } from './list-objects.ts'
import type { ObjectStore } from './object-store.ts'
import { type GivenPart, Uploads } from './uploads.ts'

type Place = { bucket: string; key: string }

const XML = { 'content-type': 'application/xml' }
const CHECKSUM = 'x-amz-checksum-crc32'

/** Whether a request is about a multipart upload. */
export const isOfUpload = ({ url }: AwsRequest): boolean =>
  url.searchParams.has('uploads') || url.searchParams.has('uploadId')

/** The four requests of a multipart upload. */
export async function answerUpload(
  store: ObjectStore,
  { bucket, key }: Place,
  request: AwsRequest,
  body: () => Buffer,
): Promise<AwsResponse> {
  const { method, headers, url } = request
  const uploads = new Uploads(store)
  const id = url.searchParams.get('uploadId')
  if (id === null) {
    if (method !== 'POST') throw notDone(`${method} of the list of uploads`)
    const begun = await uploads.begin({ bucket, key, contentType: headers['content-type'] })
    return answer('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: begun })
  }
  const place = { bucket, key }
  if (method === 'PUT') {
    const part = body()
    requireChecksum(headers[CHECKSUM], part)
    const etag = await uploads.putPart(id, place, Number(url.searchParams.get('partNumber')), part)
    const checksum = headers[CHECKSUM] === undefined ? {} : { [CHECKSUM]: headers[CHECKSUM] }
    return { status: 200, headers: { etag, ...checksum }, body: '' }
  }
  if (method === 'POST') {
    const etag = await uploads.complete(id, place, partsIn(request.body.toString()))
    return answer('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: etag })
  }
  if (method !== 'DELETE') throw notDone(`${method} of an upload`)
  await uploads.abort(id, place)
  return { status: 204, headers: {}, body: '' }
}

const notDone = (what: string): AwsError =>
  new AwsError('NotImplemented', `the local S3 does not do ${what}`, 501)

function requireChecksum(given: string | undefined, part: Buffer): void {
  if (given === undefined) return
  const computed = Buffer.alloc(4)
  computed.writeUInt32BE(crc32(part))
  if (given !== computed.toString('base64'))
    throw new AwsError('BadDigest', 'The CRC32 you specified did not match the calculated checksum.')
}

/** `<Part><PartNumber>1</PartNumber><ETag>"..."</ETag></Part>`, as SDKs write it: members of a part in any order. */
function partsIn(xml: string): GivenPart[] {
  const textIn = (part: string, name: string): string =>
    new RegExp(`<${name}>([^<]*)</${name}>`).exec(part)?.[1]?.replaceAll('&quot;', '"') ?? ''
  return [...xml.matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, part = '']) => ({
    number: Number(textIn(part, 'PartNumber')),
    etag: textIn(part, 'ETag'),
  }))
}

function answer(name: string, members: Record<string, string>): AwsResponse {
  const inside = Object.entries(members).map(([member, text]) => `<${member}>${escapeXml(text)}</${member}>`)
  const body = `<?xml version="1.0" encoding="UTF-8"?><${name}>${inside.join('')}</${name}>`
  return { status: 200, headers: XML, body }
}
