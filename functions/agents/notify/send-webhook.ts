import type { AgentContext } from 'orchestrator/agent'
import { callHost, type Surroundings } from '../_support/outbound/call-host.ts'
import { checkUrl } from '../_support/outbound/check-url.ts'
import { requireSuccess } from '../_support/outbound/require-status.ts'
import { signedHeaders } from '../_support/outbound/sign-webhook.ts'
import type { WebhookInput } from './schemas.ts'

const MOST_ANSWER_BYTES = 10_000

type Around = Surroundings & { secret: () => Promise<string>; now: () => Date }

/** Sends a webhook once over all attempts; its id is the same for each. Redirects are not followed, as Standard Webhooks asks. */
export async function sendWebhook(
  { url, type, data, timeoutSeconds }: WebhookInput,
  around: Around,
  { once, signal, task, step }: Pick<AgentContext, 'once' | 'signal' | 'task' | 'step'>,
) {
  // Before the secret is read: an address that is not allowed has no use for it.
  checkUrl(url, around.allowedHosts)
  const secret = await around.secret()
  return once('webhook', async (key) => {
    const id = `msg_${key}`
    const at = around.now()
    const body = JSON.stringify({
      type,
      timestamp: at.toISOString(),
      data,
      task: { id: task.id, step: step.path },
    })
    const headers = { 'content-type': 'application/json', ...signedHeaders(secret, { id, at, body }) }
    const asked = { url, method: 'POST', headers, body, timeoutSeconds }
    const answer = await callHost(
      { ...asked, mostBytes: MOST_ANSWER_BYTES, mostRedirects: 0 },
      around,
      signal,
    )
    requireSuccess(answer, 'POST')
    return { id, status: answer.status, sentAt: at.toISOString() }
  })
}
