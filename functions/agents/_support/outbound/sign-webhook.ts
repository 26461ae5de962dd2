import { createHmac } from 'node:crypto'
import { OrchestratorError } from 'orchestrator/agent'

/** Standard Webhooks 1.0 asks for a secret of 24 to 64 bytes. */
const LEAST_BYTES = 24
const MOST_BYTES = 64

/**
 * The headers by which a receiver sees who sends a webhook, and that it is neither changed nor old (standardwebhooks.com, symmetric signature `v1`).
 * `secret` is `whsec_` and base64. Throws ConfigError for another one; `what` names it.
 */
export function signedHeaders(
  secret: string,
  { id, at, body }: { id: string; at: Date; body: string },
  what = 'the secret that webhookSecret of the stage names',
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000))
  const signature = createHmac('sha256', keyOf(secret, what))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

function keyOf(secret: string, what: string): Buffer {
  const [, text] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret.trim()) ?? []
  const key = Buffer.from(text ?? '', 'base64')
  if (text !== undefined && key.length >= LEAST_BYTES && key.length <= MOST_BYTES) return key
  throw new OrchestratorError(
    'ConfigError',
    `${what} is none of Standard Webhooks: it must be "whsec_" and ${LEAST_BYTES} to ${MOST_BYTES} random bytes in base64`,
  )
}
