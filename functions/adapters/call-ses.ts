import { AwsClient } from 'aws4fetch'
import { FinalError, OrchestratorError, RetryableError } from '../../shared/agent/index.ts'

type SesCall = { path: string; body: object }

/**
 * One signed call of SES with the function's own role, as the environment of the function says it; an SDK client would be 200 KB. Throws
 * RetryableError for what may pass, ConfigError for missing rights, FinalError for all else.
 */
export async function callSes(
  { path, body }: SesCall,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const {
    AWS_ACCESS_KEY_ID = '',
    AWS_SECRET_ACCESS_KEY = '',
    AWS_SESSION_TOKEN,
    AWS_REGION: region = 'us-east-1',
  } = process.env
  const client = new AwsClient({
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
    service: 'ses',
    region,
    retries: 0,
  })
  const base = process.env.AWS_ENDPOINT_URL ?? `https://email.${region}.amazonaws.com`
  const answer = await client.fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  })
  const text = await answer.text()
  const told = parsed(text)
  if (answer.ok) return told
  const message = `ses answered ${answer.status}: ${String(told.message ?? told.Message ?? text).slice(0, 500)}`
  if (answer.status === 429 || answer.status >= 500 || /throttl|too many/i.test(text))
    throw new RetryableError(message)
  const isConfig =
    answer.status === 403 || /AccessDenied|NotFound|NotVerified/i.test(`${String(told.__type)} ${message}`)
  throw isConfig ? new OrchestratorError('ConfigError', message) : new FinalError(message)
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
