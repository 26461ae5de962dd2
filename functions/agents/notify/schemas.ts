import * as z from 'zod'
import { JsonSchema } from '../_support/schemas.ts'

const MOST_RECIPIENTS = 50

export const WebhookSchema = z.object({
  url: z.string().min(1).max(4_000).describe('https://..., of a host in allowedHosts of the stage'),
  type: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{1,100}$/, 'a type of an event is words joined by dots, e.g. report.ready')
    .describe('What has happened, e.g. report.ready'),
  data: JsonSchema.describe('Any JSON value: what the receiver should know'),
  timeoutSeconds: z.number().min(1).max(30).default(15),
})
export type WebhookInput = z.output<typeof WebhookSchema>

export const WebhookSentSchema = z.object({
  id: z
    .string()
    .describe(
      'The header webhook-id: the same for every attempt of this step, for the receiver to recognise it',
    ),
  status: z.number(),
  sentAt: z.string(),
})

const addresses = z.array(z.email()).max(MOST_RECIPIENTS)

export const EmailSchema = z.object({
  to: addresses.min(1),
  cc: addresses.default([]),
  subject: z
    .string()
    .min(1)
    .max(200)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would begin another header
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'a subject is one line'),
  text: z.string().min(1).max(100_000).describe('The message as plain text'),
  html: z.string().max(500_000).optional().describe('The same as HTML; format.html makes it of Markdown'),
  replyTo: z.email().optional(),
})
export type EmailInput = z.output<typeof EmailSchema>

export const EmailSentSchema = z.object({ messageId: z.string(), recipients: z.number(), sentAt: z.string() })
