/** Secrets of agents against the local Secrets Manager and SSM, behind the local IAM. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { awsSecrets } from '../../functions/adapters/secretsmanager/agent-secrets.ts'
import { type SignedCall, signedCall } from '../../functions/adapters/signed-call.ts'
import { answerAws } from '../../local/aws/answer.ts'
import { createEndpoint } from '../../local/endpoint/endpoint-server.ts'
import { IamService } from '../../local/iam/service.ts'
import { SecretsService } from '../../local/secretsmanager/service.ts'
import type { SecretSources } from '../../shared/domain/secret-source.ts'
import { portWith } from '../support/stores/ports-with.ts'

const place = { account: '000000000000', region: 'us-east-1' }
const ROLE = 'arn:aws:iam::000000000000:role/agent'
const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret'
const PARAMETER = 'arn:aws:ssm:us-east-1:000000000000:parameter'

const iam = new IamService()
iam.putRole('agent', ROLE)
const allow = (Action: string, Resource: string[]) =>
  iam.attach('agent', [{ Effect: 'Allow', Action: [Action], Resource }])
allow('secretsmanager:GetSecretValue', [`${ARN}:prod/*-??????`, `${ARN}:OWN-??????`])
allow('ssm:GetParameter', [`${PARAMETER}/prod/token`])

const environment: Record<string, string> = {}
const learnt: [string, string][] = []
let [folder, file, now] = ['', '', 0]
let service: SecretsService
let asked: SignedCall[] = []
let server: Server

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agent-secrets-'))
  file = join(folder, 'secrets.json')
  service = new SecretsService({ file, environment })
  const services = portWith<Parameters<typeof answerAws>[0]>(
    { ...place, iam, secrets: service, onCall: () => {} },
    'the services',
  )
  server = createEndpoint((request) => answerAws(services, request))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  for (const [name, value] of Object.entries(iam.credentialsOf(ROLE))) vi.stubEnv(name, value)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  server.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  await rm(file, { force: true })
  for (const name of Object.keys(environment)) delete environment[name]
  service.expect('agent-a', {})
  learnt.length = 0
  asked = []
})

const keep = (secrets: object): Promise<void> => writeFile(file, JSON.stringify(secrets), { mode: 0o600 })
const secretsOf = (sources: SecretSources) =>
  awsSecrets({
    sources,
    call: (call) => {
      asked.push(call)
      return signedCall(call)
    },
    learn: (name, text) => void learnt.push([name, text]),
    now: () => now,
  })

describe('a secret of an agent', () => {
  it.each<[string, SecretSources, object]>([
    ['a secret by its name', { OPENAI: 'secretsmanager:prod/openai' }, { 'prod/openai': ' sk-openai-1\n' }],
    [
      'a secret by its ARN',
      { OPENAI: `secretsmanager:${ARN}:prod/openai-AbCdEf` },
      { 'prod/openai': 'sk-openai-1' },
    ],
    ['a parameter by its name', { OPENAI: 'ssm:/prod/token' }, { '/prod/token': 'sk-openai-1' }],
    ['a parameter by its ARN', { OPENAI: `ssm:${PARAMETER}/prod/token` }, { '/prod/token': 'sk-openai-1' }],
    [
      'a field of a secret that is JSON',
      { OPENAI: { from: 'secretsmanager:prod/keys', field: 'openai' } },
      { 'prod/keys': '{"openai": "sk-openai-1"}' },
    ],
  ])('is %s, and is learnt before the agent has it', async (_what, sources, kept) => {
    await keep(kept)
    expect(await secretsOf(sources).readSecret('OPENAI')).toBe('sk-openai-1')
    expect(learnt).toEqual([['OPENAI', 'sk-openai-1']])
  })

  it('is read once for five minutes, by calls at the same time and for several fields too', async () => {
    await keep({ 'prod/db': '{"user": "reader-1", "password": "hunter2hunter2"}' })
    const secrets = secretsOf({
      USER: { from: 'secretsmanager:prod/db', field: 'user' },
      DB: { from: 'secretsmanager:prod/db', field: 'password' },
    })
    const read = () => Promise.all([secrets.readSecret('DB'), secrets.readSecret('DB')])
    expect(await read()).toEqual(['hunter2hunter2', 'hunter2hunter2'])
    now += 5 * 60_000 - 1
    await read()
    expect(asked).toHaveLength(1)
    await keep({ 'prod/db': '{"password": "rotated-rotated"}' })
    now += 1
    expect(await secrets.readSecret('DB')).toBe('rotated-rotated')
    expect(asked).toHaveLength(2)
  })

  it('may be asked of another region, which its ARN says', async () => {
    const call = vi.fn(async () => ({ SecretString: 'sk-openai-1' }))
    const arn = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:prod/openai-AbCdEf'
    const secrets = awsSecrets({
      sources: { OPENAI: `secretsmanager:${arn}` },
      call,
      learn() {},
      now: () => 0,
    })
    await secrets.readSecret('OPENAI')
    expect(call).toHaveBeenCalledWith(expect.objectContaining({ region: 'eu-west-1' }))
  })

  it.each<[string, SecretSources, object, RegExp]>([
    [
      'is not there',
      { A: 'secretsmanager:prod/a' },
      {},
      /^secret A \(secretsmanager:prod\/a\): there is none of this name .*with the secret as its text/,
    ],
    [
      'is no parameter',
      { A: 'ssm:/prod/token' },
      {},
      /^secret A \(ssm:\/prod\/token\): there is none of this name/,
    ],
    [
      'may not be read',
      { A: 'secretsmanager:other' },
      { other: 'not-for-you' },
      /^secret A \(secretsmanager:other\): the function may not read it/,
    ],
    [
      'is a parameter that may not be read',
      { A: 'ssm:/other' },
      { '/other': 'not-for-you' },
      /^secret A \(ssm:\/other\): the function may not read it/,
    ],
    ['is empty', { A: 'secretsmanager:prod/a' }, { 'prod/a': ' ' }, /holds no text/],
    [
      'is too short',
      { A: 'secretsmanager:prod/a' },
      { 'prod/a': '1234567' },
      /has 7 characters; a secret has at least 8/,
    ],
    [
      'is no JSON',
      { A: { from: 'secretsmanager:prod/a', field: 'x' } },
      { 'prod/a': 'not-for-you' },
      /its text is no JSON object/,
    ],
    [
      'has no such field',
      { A: { from: 'secretsmanager:prod/a', field: 'x' } },
      { 'prod/a': '{"y": "not-for-you"}' },
      /its field "x" is not there; its fields are y/,
    ],
    [
      'is not mapped',
      { B: 'ssm:/prod/token' },
      {},
      /^secret A: the stage does not say where it is kept; mapped are B; write secrets: \{ A: secretsmanager:<name> \}/,
    ],
  ])(
    'that %s is told by its name, without its text, and is read again at the next call',
    async (_what, sources, kept, message) => {
      await keep(kept)
      const secrets = secretsOf(sources)
      const error = await secrets.readSecret('A').catch((thrown: Error) => thrown)
      expect(error).toMatchObject({ name: 'ConfigError', message: expect.stringMatching(message) })
      expect(String(error)).not.toContain('not-for-you')
      expect(learnt).toEqual([])
      await secrets.readSecret('A').catch(() => {})
      if (!('B' in sources)) expect(asked.length).toBeGreaterThanOrEqual(1)
    },
  )

  it('for webhooks says which setting to make', async () => {
    await expect(secretsOf({}).readSecret('WEBHOOK_SECRET')).rejects.toThrow(
      /name it in webhookSecret of the stage/,
    )
  })
})

describe('on this machine', () => {
  it('a secret has the name by which the agent knows it, in the file or in a variable', async () => {
    service.expect('agent-a', { OWN: 'secretsmanager:OWN', OPENAI: 'secretsmanager:prod/openai' })
    await keep({ OPENAI: 'from-the-file' })
    environment.ORCHESTRATOR_SECRET_OWN = 'from-a-variable'
    const secrets = secretsOf({ OWN: 'secretsmanager:OWN', OPENAI: 'secretsmanager:prod/openai' })
    expect(await secrets.readSecret('OPENAI')).toBe('from-the-file')
    expect(await secrets.readSecret('OWN')).toBe('from-a-variable')
  })

  it('one field of a secret may be given alone', async () => {
    const sources: SecretSources = { DB: { from: 'secretsmanager:prod/db', field: 'password' } }
    service.expect('agent-a', sources)
    await keep({ DB: 'hunter2hunter2' })
    expect(await secretsOf(sources).readSecret('DB')).toBe('hunter2hunter2')
  })

  it('what is missing is told with what to write', async () => {
    service.expect('agent-a', { OPENAI: 'secretsmanager:prod/openai', TOKEN: 'ssm:/prod/token' })
    await keep({ '/prod/token': 'is-there' })
    expect(await service.problems()).toEqual([
      `secret OPENAI, which agent-a reads, is not there: put {"OPENAI": "..."} into ${file} (chmod 600) or set ORCHESTRATOR_SECRET_OPENAI`,
    ])
    service.expect('agent-a', {})
    expect(await service.problems()).toEqual([])
  })

  it.skipIf(process.platform === 'win32').each([0o644, 0o640, 0o604, 0o660])(
    'a file that others may read is refused (mode %o)',
    async (mode) => {
      service.expect('agent-a', { OPENAI: 'secretsmanager:prod/openai' })
      await keep({ OPENAI: 'from-the-file' })
      await chmod(file, mode)
      const told = `others may read it (mode 0${mode.toString(8)}); run: chmod 600 ${file}`
      expect(await service.problems()).toEqual([expect.stringContaining(told)])
      await expect(secretsOf({ A: 'secretsmanager:prod/openai' }).readSecret('A')).rejects.toThrow(told)
    },
  )
})
