import { AwsError } from '../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../aws/requests.ts'
import type { IamService } from '../iam/service.ts'
import { type KmsService, SPEC } from './service.ts'

type Services = { account: string; region: string; iam: IamService; kms: KmsService }

/** Answers Sign and GetPublicKey for callers that may use this key so. */
export async function answerKms(
  { account, region, iam, kms }: Services,
  action: string,
  { accessKeyId, body }: AwsRequest,
): Promise<AwsResponse> {
  const asked = objectIn(body)
  const id = String(asked.KeyId ?? '')
    .split('/')
    .at(-1)
  if (!id) throw new AwsError('ValidationException', 'KeyId is the id or the ARN of a key')
  const arn = `arn:aws:kms:${region}:${account}:key/${id}`
  iam.authorizeKey(accessKeyId, `kms:${action}`, arn)
  if (action === 'Sign')
    return json({ KeyId: arn, Signature: kms.sign(id, asked), SigningAlgorithm: asked.SigningAlgorithm })
  if (action === 'GetPublicKey')
    return json({ KeyId: arn, PublicKey: kms.publicKey(id), KeySpec: SPEC, KeyUsage: 'SIGN_VERIFY' })
  throw new AwsError('UnknownOperationException', `the local KMS does not do ${action}`)
}

const json = (answer: object): AwsResponse => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(answer),
})

function objectIn(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString())
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Told below.
  }
  throw new AwsError('SerializationException', 'the body is not JSON')
}
