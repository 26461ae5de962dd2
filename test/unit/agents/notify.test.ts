import { createHmac, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { testAgent } from 'orchestrator/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as z from 'zod'
import { signedHeaders } from '../../../functions/agents/_support/outbound/sign-webhook.ts'
import notifyAgent from '../../../functions/agents/notify/index.ts'
import { EmailSchema, WebhookSchema } from '../../../functions/agents/notify/schemas.ts'
import { type EmailSetting, sendEmail } from '../../../functions/agents/notify/send-email.ts'
import { sendWebhook } from '../../../functions/agents/notify/send-webhook.ts'
import { defineAgent } from '../../../shared/agent/index.ts'

const KEY = randomBytes(32)
const SECRET = `whsec_${KEY.toString('base64')}`
const now = () => new Date('2026-11-29T10:00:00.500Z')

async function receive(statuses: number[]) {
  const seen: { headers: Record<string, string>; body: string }[] = []
  const server = createServer(async (incoming, outgoing) => {
    let body = ''
    for await (const chunk of incoming) body += String(chunk)
    seen.push({ headers: incoming.headers as Record<string, string>, body })
    outgoing
      .writeHead(statuses[seen.length - 1] ?? 204, { location: 'http://api.example.com/elsewhere' })
      .end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const host = `http://hooks.example.com:${(server.address() as AddressInfo).port}`
  const agent = defineAgent({
    id: 'notify-here',
    version: '1.0.0',
    description: 'test',
    capabilities: { 'notify.webhook': { description: 'test', input: WebhookSchema, output: z.json() } },
    execute: ({ input }, context) =>
      sendWebhook(
        input,
        {
          allowedHosts: [host],
          resolve: async () => [{ address: '127.0.0.1', family: 4 }],
          isPublic: () => true,
          secret: async () => SECRET,
          now,
        },
        context,
      ),
  })
  return { seen, agent, input: { url: `${host}/hook`, type: 'report.ready', data: { pages: 3 } } }
}

describe('notify.webhook', () => {
  it('signs as Standard Webhooks does', () => {
    // The example of the specification's reference libraries.
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const headers = signedHeaders(secret, {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: new Date(1_614_265_330_000),
      body: '{"test": 2432232314}',
    })
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('is sent once, under the same id for every attempt', async () => {
    const { seen, agent, input } = await receive([204, 204])
    const crashed = await testAgent(agent, { input, crashAfter: 'webhook' })
    const again = await testAgent(agent, { input, after: crashed })
    const third = await testAgent(agent, { input, after: again })
    expect(third.output).toEqual(again.output)
    expect(seen).toHaveLength(2)
    for (const { headers, body } of seen) {
      const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = headers
      expect(signature).toBe(`v1,${createHmac('sha256', KEY).update(`${id}.${at}.${body}`).digest('base64')}`)
      expect(id).toBe(seen[0]?.headers['webhook-id'])
      expect(JSON.parse(body)).toMatchObject({
        type: 'report.ready',
        timestamp: '2026-11-29T10:00:00.500Z',
        data: { pages: 3 },
      })
    }
    expect(again.output).toEqual({
      id: seen[0]?.headers['webhook-id'],
      status: 204,
      sentAt: now().toISOString(),
    })
  })

  it.each([
    [500, 'AgentRetryableError'],
    [410, 'AgentFinalError'],
    [302, 'AgentFinalError'],
  ])('that is answered %i fails, and is sent again with the next attempt', async (status, name) => {
    const { seen, agent, input } = await receive([status, 200])
    const failed = await testAgent(agent, { input })
    expect(failed.error?.name).toBe(name)
    expect((await testAgent(agent, { input, after: failed })).output).toMatchObject({ status: 200 })
    expect(seen).toHaveLength(2)
  })

  it.each([
    '',
    'whsec_',
    'whsec_c2hvcnQ=',
    KEY.toString('base64'),
    `whsec_${randomBytes(65).toString('base64')}`,
  ])('has no secret %j', (secret) => {
    expect(() => signedHeaders(secret, { id: 'a', at: now(), body: '' })).toThrow(
      expect.objectContaining({ name: 'ConfigError' }),
    )
  })

  it('says which setting to make', async () => {
    const input = { url: 'https://hooks.example.com/', type: 'a', data: null }
    const settings = { allowedHosts: ['hooks.example.com'] }
    const run = await testAgent(notifyAgent, { capability: 'notify.webhook', input, settings })
    expect(run.error).toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/secret WEBHOOK_SECRET/),
    })
  })
})

describe('notify.email', () => {
  const setting: EmailSetting = { from: 'bot@example.com', to: ['@example.com', 'boss@elsewhere.org'] }
  const sent: Parameters<Parameters<typeof sendEmail>[1]['call']>[0][] = []
  const agent = defineAgent({
    id: 'mail-here',
    version: '1.0.0',
    description: 'test',
    capabilities: { 'notify.email': { description: 'test', input: EmailSchema, output: z.json() } },
    execute: ({ input }, context) =>
      sendEmail(
        input,
        {
          setting,
          now,
          call: async (asked) => {
            sent.push(asked)
            return { MessageId: 'm1' }
          },
        },
        context,
      ),
  })

  it('is sent once, to whom the stage allows', async () => {
    sent.length = 0
    const input = { to: ['Ada@Example.com', 'boss@elsewhere.org'], subject: 'Grüße', text: 'Hello' }
    const first = await testAgent(agent, { input })
    const again = await testAgent(agent, { input, after: first })
    expect(again.output).toEqual({ messageId: 'm1', recipients: 2, sentAt: now().toISOString() })
    expect(sent).toEqual([
      {
        path: '/v2/email/outbound-emails',
        body: {
          FromEmailAddress: 'bot@example.com',
          Destination: { ToAddresses: input.to },
          Content: {
            Simple: {
              Subject: { Data: 'Grüße', Charset: 'UTF-8' },
              Body: { Text: { Data: 'Hello', Charset: 'UTF-8' } },
              Headers: [{ Name: 'X-Idempotency-Key', Value: expect.stringMatching(/^[0-9a-f]{32}$/) }],
            },
          },
        },
      },
    ])
  })

  it.each([
    [{ to: ['eve@evil.net'] }],
    [{ to: ['ada@example.com.evil.net'] }],
    [{ to: ['ada@sub.example.com'] }],
    [{ to: ['ada@example.com'], cc: ['eve@evil.net'] }],
    [{ to: ['ada@example.com'], replyTo: 'eve@evil.net' }],
  ])('is not sent: %j', async (more) => {
    sent.length = 0
    const run = await testAgent(agent, { input: { subject: 'a', text: 'b', ...more } })
    expect(run.error).toMatchObject({
      name: 'AgentFinalError',
      message: expect.stringMatching(/email\.to of the stage/),
    })
    expect(sent).toEqual([])
  })

  it.each(['bot@example.com', 'Boss@elsewhere.org'])('may be answered to %s', async (replyTo) => {
    sent.length = 0
    await testAgent(agent, { input: { to: ['ada@example.com'], subject: 'a', text: 'b', replyTo } })
    expect(sent).toMatchObject([{ body: { ReplyToAddresses: [replyTo] } }])
  })

  it.each([
    [{ subject: 'a\r\nBcc: eve@evil.net' }],
    [{ to: ['ada@example.com, eve@evil.net'] }],
    [{ to: ['ada@example.com\r\nBcc: eve@evil.net'] }],
    [{ to: [] }],
    [{ replyTo: 'x\r\ny@example.com' }],
  ])('is no mail: %j', async (more) => {
    const run = await testAgent(agent, {
      input: { to: ['ada@example.com'], subject: 'a', text: 'b', ...more },
    })
    expect(run.error?.name).toBe('InvalidInputError')
  })

  it('says which setting to make', async () => {
    const run = await testAgent(notifyAgent, {
      capability: 'notify.email',
      input: { to: ['a@example.com'], subject: 'a', text: 'b' },
    })
    expect(run.error).toMatchObject({ name: 'ConfigError', message: expect.stringMatching(/email: \{ from/) })
  })
})
