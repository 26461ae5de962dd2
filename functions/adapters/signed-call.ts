import { AwsClient } from 'aws4fetch'

export type SignedCall = {
  service: 'kms' | 'secretsmanager' | 'sqs' | 'ssm'
  /** As in the header `x-amz-target`. */
  target: string
  body: object
  /** The version of the JSON protocol, 1.1 by default. */
  version?: '1.0' | '1.1'
  /** The region of the call; that of the function by default. */
  region?: string
}

const MOST_MILLISECONDS = 10_000
const RETRIES = 3
const FIRST_RETRY_MILLISECONDS = 100

/**
 * One call of a service that speaks JSON, signed with the function's own role; an SDK client would add 200 KB to the bundle of every agent. Tried
 * again after throttling and failures of the service. Throws an Error with the service's name for what was wrong.
 */
export async function signedCall({
  service,
  target,
  body,
  region,
  version = '1.1',
}: SignedCall): Promise<object> {
  const {
    AWS_ACCESS_KEY_ID = '',
    AWS_SECRET_ACCESS_KEY = '',
    AWS_SESSION_TOKEN,
    AWS_REGION = 'us-east-1',
    AWS_ENDPOINT_URL,
  } = process.env
  const at = region ?? AWS_REGION
  const client = new AwsClient({
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
    service,
    region: at,
    retries: RETRIES,
    initRetryMs: FIRST_RETRY_MILLISECONDS,
  })
  const domain = at.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const answer = await client.fetch(AWS_ENDPOINT_URL ?? `https://${service}.${at}.${domain}`, {
    method: 'POST',
    headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(MOST_MILLISECONDS),
  })
  const told = objectIn(await answer.text())
  if (answer.ok) return told
  const { __type = '', message, Message = '' } = told as Record<string, unknown>
  const name = String(__type).split('#').at(-1) || 'Error'
  const error = new Error(String(message ?? Message) || `${service} answered ${answer.status}`)
  throw Object.assign(error, { name, status: answer.status })
}

function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
