import { type AgentContext, FinalError } from 'orchestrator/agent'
import type { EmailInput } from './schemas.ts'

/** The stage's `email`: the sender, and who may get mail: addresses, or `@example.com` for all of a domain. */
export type EmailSetting = NonNullable<AgentContext['settings']['email']>

/** One call of SES with the role of the function. */
export type CallSes = (
  call: { path: string; body: object },
  signal: AbortSignal,
) => Promise<Record<string, unknown>>

type Around = { setting: EmailSetting; call: CallSes; now: () => Date }

/**
 * Sends a mail by SES, once over all attempts that end: SES knows no idempotency key, so an attempt that is killed between the sending and its record sends
 * again. Throws FinalError for a recipient that the stage does not allow; answers (`replyTo`) may go to such addresses and to the sender's.
 */
export async function sendEmail(
  { to, cc, subject, text, html, replyTo }: EmailInput,
  { setting, call, now }: Around,
  { once, signal }: Pick<AgentContext, 'once' | 'signal'>,
) {
  for (const address of [...to, ...cc])
    if (!isAllowed(address, setting.to)) throw notAllowed(address, setting)
  if (replyTo !== undefined && !isAllowed(replyTo, [...setting.to, setting.from]))
    throw notAllowed(replyTo, setting, 'answers to a mail of')
  return once('email', async (key) => {
    const data = (value: string) => ({ Data: value, Charset: 'UTF-8' })
    const body = {
      FromEmailAddress: setting.from,
      Destination: { ToAddresses: to, ...(cc.length > 0 ? { CcAddresses: cc } : {}) },
      ...(replyTo === undefined ? {} : { ReplyToAddresses: [replyTo] }),
      Content: {
        Simple: {
          Subject: data(subject),
          Body: { Text: data(text), ...(html === undefined ? {} : { Html: data(html) }) },
          // By which a receiver, or a person, recognises a mail that has come twice.
          Headers: [{ Name: 'X-Idempotency-Key', Value: key }],
        },
      },
    }
    const { MessageId } = await call({ path: '/v2/email/outbound-emails', body }, signal)
    return { messageId: String(MessageId), recipients: to.length + cc.length, sentAt: now().toISOString() }
  })
}

const isAllowed = (address: string, allowed: readonly string[]): boolean => {
  const small = address.toLowerCase()
  return allowed.some((one) =>
    one.startsWith('@') ? small.endsWith(one.toLowerCase()) : small === one.toLowerCase(),
  )
}

const notAllowed = (address: string, { to }: EmailSetting, what = 'mail from'): FinalError =>
  new FinalError(
    `${address} may not get ${what} this stage, which allows ${to.slice(0, 10).join(', ')}; add it to email.to of the stage and deploy`,
  )
