import { defineAgent, OrchestratorError } from 'orchestrator/agent'
import { EmailSchema, EmailSentSchema, WebhookSchema, WebhookSentSchema } from './schemas.ts'
import { type CallSes, sendEmail } from './send-email.ts'
import { sendWebhook } from './send-webhook.ts'

const now = (): Date => new Date()

export const notifyAgent = (call: CallSes) =>
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
      const { allowedHosts, email } = context.settings
      if (capability === 'notify.email') {
        if (email === undefined) throw new OrchestratorError('ConfigError', NO_EMAIL)
        return sendEmail(input, { setting: email, call, now }, context)
      }
      const secret = (): Promise<string> => context.secret('WEBHOOK_SECRET')
      return sendWebhook(input, { allowedHosts, secret, now }, context)
    },
  })

const NO_EMAIL =
  'this stage sends no mail: say email: { from: bot@example.com, to: ["@example.com"] } in the stage, with an address that SES has verified, and deploy'
