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
  const secretId = textIn(body, 'SecretId', 'InvalidParameterException')
  const arn = `arn:aws:secretsmanager:${region}:${account}:secret:${nameOf(secretId)}-${SUFFIX}`
  iam.authorizeKey(accessKeyId, 'secretsmanager:GetSecretValue', secretId.startsWith('arn:') ? secretId : arn)
  const found = await secrets.getSecretValue(secretId)
  return json({ ARN: arn, VersionId: 'local', VersionStages: ['AWSCURRENT'], ...found })
}

/** Answers GetParameter of SSM for callers that may read this parameter. */
export async function answerParameters(
  { account, region, iam, secrets }: Services,
  { accessKeyId, body }: AwsRequest,
): Promise<AwsResponse> {
  const name = textIn(body, 'Name', 'ValidationException')
  const arn = `arn:aws:ssm:${region}:${account}:parameter/${nameOf(name).replace(/^\//, '')}`
  iam.authorizeKey(accessKeyId, 'ssm:GetParameter', name.startsWith('arn:') ? name : arn)
  return json({ Parameter: { ARN: arn, DataType: 'text', ...(await secrets.getParameter(name)) } })
}

const json = (answer: object): AwsResponse => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(answer),
})

function textIn(body: Buffer, field: 'SecretId' | 'Name', error: string): string {
  try {
    const text = (JSON.parse(body.toString()) as Readonly<Record<string, unknown>>)[field]
    if (typeof text === 'string' && text !== '') return text
  } catch {
    // Told below.
  }
  throw new AwsError(error, `${field} is the name or the ARN of what is read`)
}
