import { AwsError } from '../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../aws/requests.ts'
import type { IamService } from '../iam/service.ts'
import type { ObjectStore } from './object-store.ts'
import { refuseLongKey } from './place.ts'
import { isSignatureOf } from './presigned.ts'

type Policy = {
  expiration: string
  conditions: (Record<string, string> | [string, string | number, string | number])[]
}

/** A form upload: the policy's signature, time, key and size are checked as S3 checks them. */
export async function takeForm(
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
  const [accessKeyId = ''] = credential.split('/')
  const secret = secretOf(accessKeyId)
  return secret !== undefined && isSignatureOf(policy, { credential, secret, signature })
}
