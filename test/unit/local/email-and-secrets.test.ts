import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { callSes } from '../../../functions/adapters/call-ses.ts'
import { signedCall } from '../../../functions/adapters/signed-call.ts'
import { sendEmail } from '../../../functions/agents/notify/send-email.ts'
import { answerAws } from '../../../local/aws/answer.ts'
import { EmailService } from '../../../local/email/service.ts'
import { createEndpoint } from '../../../local/endpoint/endpoint-server.ts'
import { IamService } from '../../../local/iam/service.ts'
import { SecretsService } from '../../../local/secretsmanager/service.ts'
import { portWith } from '../../support/stores/ports-with.ts'

const folder = mkdtempSync(join(tmpdir(), 'emails-'))
const place = { account: '000000000000', region: 'us-east-1' }
const ROLE = 'arn:aws:iam::000000000000:role/notify'
const { signal } = new AbortController()

const iam = new IamService()
iam.putRole('notify', ROLE)
iam.attach('notify', [
  {
    Effect: 'Allow',
    Action: ['ses:SendEmail'],
    Resource: ['arn:aws:ses:us-east-1:000000000000:identity/bot@example.com'],
    Condition: { StringEquals: { 'ses:FromAddress': ['bot@example.com'] } },
  },
  {
    Effect: 'Allow',
    Action: ['secretsmanager:GetSecretValue'],
    Resource: ['arn:aws:secretsmanager:us-east-1:000000000000:secret:house/webhooks-??????'],
  },
])

type Services = Parameters<typeof answerAws>[0]
const services = portWith<Services>(
  {
    ...place,
    iam,
    email: new EmailService(folder),
    secrets: new SecretsService({
      environment: { ORCHESTRATOR_SECRET_HOUSE_WEBHOOKS: 'whsec_x', ORCHESTRATOR_SECRET_OTHER: 'y' },
    }),
    onCall: () => {},
  },
  'the services',
)
const endpoint = createEndpoint((request) => answerAws(services, request))

beforeAll(async () => {
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`)
  for (const [name, value] of Object.entries(iam.credentialsOf(ROLE))) vi.stubEnv(name, value)
})
afterEach(() => {
  for (const file of readdirSync(folder)) rmSync(join(folder, file))
})
afterAll(() => {
  vi.unstubAllEnvs()
  endpoint.close()
  rmSync(folder, { recursive: true, force: true })
})

const send = (from: string) =>
  sendEmail(
    { to: ['ada@example.com'], cc: [], subject: 'Grüße', text: 'Hello\nworld', html: '<p>Hello</p>' },
    { setting: { from, to: ['@example.com'] }, call: callSes, now: () => new Date(0) },
    {
      signal,
      once: (_key, effect) => (typeof effect === 'function' ? effect('key1') : effect.perform('key1')),
    },
  )

describe('the local cloud', () => {
  it('puts a mail into a folder, as a file that mail programs open', async () => {
    const { messageId } = await send('bot@example.com')
    const [file = '', ...more] = readdirSync(folder)
    expect(more).toEqual([])
    const text = readFileSync(join(folder, file), 'utf8')
    expect(text).toContain(`Message-ID: <${messageId}@localhost>\r\n`)
    expect(text).toContain('From: bot@example.com\r\nTo: ada@example.com\r\n')
    expect(text).toContain(
      `Subject: =?utf-8?B?${Buffer.from('Grüße').toString('base64')}?=\r\nX-Idempotency-Key: key1\r\n`,
    )
    for (const part of ['Hello\nworld', '<p>Hello</p>'])
      expect(text).toContain(Buffer.from(part).toString('base64'))
  })

  it('sends no mail of a sender that the role may not use, as on AWS', async () => {
    await expect(send('boss@example.com')).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/not authorized to perform: ses:SendEmail/),
    })
    expect(readdirSync(folder)).toEqual([])
  })

  it('has secrets in its environment, and gives those that the role may read', async () => {
    const ask = (SecretId: string) =>
      signedCall({
        service: 'secretsmanager',
        target: 'secretsmanager.GetSecretValue',
        body: { SecretId },
      })
    expect(await ask('house/webhooks')).toMatchObject({ SecretString: 'whsec_x' })
    await expect(ask('other')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(/not authorized/),
    })
    await expect(new SecretsService().getSecretValue('house/webhooks')).rejects.toThrow(
      /ORCHESTRATOR_SECRET_HOUSE_WEBHOOKS/,
    )
  })
})
