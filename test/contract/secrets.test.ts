/** The adapter of secrets against the local Secrets Manager, by the SDK. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { secretsmanagerSecrets } from '../../functions/adapters/secretsmanager/secrets.ts'
import type { AwsError } from '../../local/aws/errors.ts'
import { IamService } from '../../local/iam/service.ts'
import { SecretsService } from '../../local/secretsmanager/service.ts'
import { answerSecrets } from '../../local/secretsmanager/wire.ts'

const iam = new IamService()
const environment: Record<string, string> = {}
let [folder, calls, now] = ['', 0, 0]
let server: Server

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'))
  const secrets = new SecretsService({ file: join(folder, 'secrets.json'), environment })
  iam.putRole('agent', 'arn:aws:iam::000000000000:role/agent')
  iam.attach('agent', [
    {
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue'],
      Resource: ['arn:aws:secretsmanager:us-east-1:000000000000:secret:models/*-??????'],
    },
  ])
  server = createServer(async (request, response) => {
    calls++
    const [, accessKeyId] = /Credential=([^/]+)/.exec(request.headers.authorization ?? '') ?? []
    const call = {
      method: 'POST',
      url: new URL('http://localhost/'),
      path: '/',
      headers: {},
      body: await buffer(request),
      accessKeyId,
    }
    try {
      const { status, headers, body } = await answerSecrets(
        { account: '000000000000', region: 'us-east-1', iam, secrets },
        call,
      )
      response.writeHead(status, headers).end(body)
    } catch (error) {
      const { code = 'Bug', status = 500, message } = error as AwsError
      response
        .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify({ __type: code, message }))
    }
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
})
afterAll(async () => {
  server.close().closeAllConnections()
  await rm(folder, { recursive: true, force: true })
})

function secretsOf() {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } =
    iam.credentialsOf('arn:aws:iam::000000000000:role/agent')
  const client = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  })
  return secretsmanagerSecrets({ client, now: () => now })
}
const keep = (secrets: object | string): Promise<void> =>
  writeFile(join(folder, 'secrets.json'), typeof secrets === 'string' ? secrets : JSON.stringify(secrets), {
    mode: 0o600,
  })

describe('a secret', () => {
  it('is read by its name or its ARN, without the spaces around it', async () => {
    await keep({ 'models/own-key': ' sk-1\n' })
    const secrets = secretsOf()
    expect(await secrets.readSecret('models/own-key')).toBe('sk-1')
    const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:models/own-key-AbCdEf'
    expect(await secrets.readSecret(arn)).toBe('sk-1')
  })

  it('is read once for five minutes, by calls at the same time too, and anew after that', async () => {
    await keep({ 'models/key': 'first' })
    const secrets = secretsOf()
    const before = calls
    expect(await Promise.all(Array.from({ length: 5 }, () => secrets.readSecret('models/key')))).toEqual(
      Array.from({ length: 5 }, () => 'first'),
    )
    await keep({ 'models/key': 'second' })
    now += 5 * 60_000 - 1
    expect(await secrets.readSecret('models/key')).toBe('first')
    expect(calls - before).toBe(1)
    now += 1
    expect(await secrets.readSecret('models/key')).toBe('second')
  })

  it('comes from a variable of the environment where the file has none', async () => {
    environment.ORCHESTRATOR_SECRET_MODELS_OWN_KEY = 'from-variable'
    await keep({})
    expect(await secretsOf().readSecret('models/own-key')).toBe('from-variable')
    await rm(join(folder, 'secrets.json'))
    expect(await secretsOf().readSecret('models/own-key')).toBe('from-variable')
    delete environment.ORCHESTRATOR_SECRET_MODELS_OWN_KEY
  })

  it.each([
    [
      'is not there',
      {},
      'models/key',
      /the secret "models\/key": there is none .*set ORCHESTRATOR_SECRET_MODELS_KEY/,
    ],
    [
      'may not be read',
      { other: 'x' },
      'other',
      /the secret "other": the function may not read it: deploy the stage/,
    ],
    ['is empty', { 'models/key': ' ' }, 'models/key', /the secret "models\/key" holds no text/],
  ])(
    'that %s is told with what to do, and is read again at the next call',
    async (_what, kept, name, message) => {
      await keep(kept)
      const secrets = secretsOf()
      await expect(secrets.readSecret(name)).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(message),
      })
      await keep({ 'models/key': 'there' })
      if (name === 'models/key') expect(await secrets.readSecret(name)).toBe('there')
    },
  )

  it('of a file that is no JSON is not shown in the error', async () => {
    await keep('{"models/key": "sk-secret"')
    const error = await secretsOf().readSecret('models/key').catch(String)
    expect(error).toContain('is no JSON object of names with texts')
    expect(error).not.toContain('sk-secret')
  })
})
