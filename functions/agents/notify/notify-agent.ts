import { defineAgent, OrchestratorError } from 'orchestrator/agent'
import { EmailSchema, EmailSentSchema, WebhookSchema, WebhookSentSchema } from './schemas.ts'
import { type CallAws, sendEmail } from './send-email.ts'
import { sendWebhook } from './send-webhook.ts'

const now = (): Date => new Date()

export const notifyAgent = (call: CallAws) =>
  defineAgent({
    id: 'notify',
    version: '1.0.0',
    typicalSeconds: 1,
    price: { mostUsd: 0, mostTokens: 0 },
    description: 'Tells people and systems outside: by mail, and by signed webhooks.',
    tags: ['effect'],
    needs: { hosts: true, email: true, webhooks: true },
    capabilities: {
      'notify.webhook': {
        description:
          'Sends a signed webhook (Standard Webhooks) to a host that the stage allows; again, with the same id, only where an attempt has died.',
        input: WebhookSchema,
        output: WebhookSentSchema,
      },
      'notify.email': {
        description: 'Sends a mail to addresses that the stage allows; again only where an attempt has died.',
        input: EmailSchema,
        output: EmailSentSchema,
      },
    },
    limits: { timeoutSeconds: 60, memoryMb: 256 },
    async execute({ capability, input }, context) {
      const { allowedHosts, email, webhookSecret } = context.settings
      if (capability === 'notify.email') {
        if (email === undefined) throw new OrchestratorError('ConfigError', NO_EMAIL)
        return sendEmail(input, { setting: email, call, now }, context)
      }
      const secret = (): Promise<string> => readSecret(call, webhookSecret, context.signal)
      return sendWebhook(input, { allowedHosts, secret, now }, context)
    },
  })

const NO_EMAIL =
  'this stage sends no mail: say email: { from: bot@example.com, to: ["@example.com"] } in the stage, with an address that SES has verified, and deploy'

/** The text of the secret that the stage names. Read for each call: a secret that is rotated is the new one at once. */
async function readSecret(call: CallAws, name: string | undefined, signal: AbortSignal): Promise<string> {
  if (name === undefined)
    throw new OrchestratorError(
      'ConfigError',
      'webhooks are signed: keep "whsec_" and 32 random bytes in base64 in a secret of Secrets Manager, name it in webhookSecret of the stage, and deploy',
    )
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'secretsmanager.GetSecretValue',
  }
  const { SecretString } = await call(
    { service: 'secretsmanager', path: '/', headers, body: { SecretId: name } },
    signal,
  )
  return String(SecretString)
}
