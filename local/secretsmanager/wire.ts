import { AwsError } from '../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../aws/requests.ts'
import type { IamService } from '../iam/service.ts'
import { nameOf, type SecretsService } from './service.ts'

type Services = { account: string; region: string; iam: IamService; secrets: SecretsService }

/** AWS ends the ARN of each secret with six characters of its own. */
const SUFFIX = 'AbCdEf'

/** Answers GetSecretValue for callers that may read this secret. */
export async function answerSecrets(
  { account, region, iam, secrets }: Services,
  { accessKeyId, body }: AwsRequest,
): Promise<AwsResponse> {
  const secretId = secretIdIn(body)
  const arn = `arn:aws:secretsmanager:${region}:${account}:secret:${nameOf(secretId)}-${SUFFIX}`
  iam.authorizeKey(accessKeyId, 'secretsmanager:GetSecretValue', secretId.startsWith('arn:') ? secretId : arn)
  const found = await secrets.getSecretValue(secretId)
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify({ ARN: arn, VersionId: 'local', VersionStages: ['AWSCURRENT'], ...found }),
  }
}

function secretIdIn(body: Buffer): string {
  try {
    const { SecretId } = JSON.parse(body.toString()) as { SecretId?: unknown }
    if (typeof SecretId === 'string' && SecretId !== '') return SecretId
  } catch {
    // Told below.
  }
  throw new AwsError('InvalidParameterException', 'SecretId is the name or the ARN of a secret')
}
