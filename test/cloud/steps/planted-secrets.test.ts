/** A secret that an agent gives away in every way that it can is found nowhere: not in a table, an object, a history, a log, or a file. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { featureFlags, Orchestrator } from '../../../infra/index.ts'
import { secretMask } from '../../../shared/domain/secret-mask.ts'
import { BANK, LEAKY_AGENT } from '../../support/agents/leaky-agent.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { everythingIn, filesBelow, type Kept } from '../../support/stores/everything-in-cloud.ts'

const ROOT = join(import.meta.dirname, '../../..')
const SECRET = 'q7/Planted+Secret"Ω=9c1e5b'
const OTHER = 'a-secret-of-another-agent'
const MODEL_KEY = 'zz-key-of-a-model-4711'

const root = mkdtempSync(join(tmpdir(), 'planted-'))
const data = join(root, 'data')
const write = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text, { mode })
}

let api: LocalApi
const logged: string[] = []
/** A server of models that tells whoever asks by which key, in several forms. */
const server = createServer(({ headers }, answer) => {
  const key = String(headers.authorization).replace('Bearer ', '')
  const message = `bad key ${key} (${encodeURIComponent(key)}, ${Buffer.from(`:${key}`).toString('base64')})`
  answer.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message } }))
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  mkdirSync(join(root, 'node_modules'))
  for (const [name, target] of [
    ['orchestrator', ROOT],
    ['zod', join(ROOT, 'node_modules/zod')],
  ] as const)
    symlinkSync(target, join(root, 'node_modules', name))
  write('agents/leaky/index.ts', LEAKY_AGENT)
  write('agents/leaky/bank.ts', BANK)
  write('data/secrets.json', JSON.stringify({ 'prod/bank': SECRET, OTHER, 'models/key': MODEL_KEY }), 0o600)
  const call = (name: string) => ({ name, input: {} })
  const rules = [
    { contains: 'How much?', answers: [{ calls: [call('balance'), call('transfer')] }, { text: 'enough' }] },
    { answers: [{ text: 'enough' }] },
  ]
  write('script.json', JSON.stringify({ rules }))
  const app = new App({ outdir: join(root, 'cdk.out'), analyticsReporting: false, context: featureFlags() })
  await Orchestrator.create(app, {
    root,
    builtIn: false,
    stage: {
      secrets: { BANK: 'secretsmanager:prod/bank', OTHER: 'ssm:/prod/other' },
      models: {
        default: {
          provider: 'bedrock',
          id: 'amazon.nova-lite-v1:0',
          structured: 'tool',
          contextTokens: 100_000,
        },
        keyed: {
          provider: 'openai-compatible',
          id: 'x',
          url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
          secret: 'models/key',
          structured: 'tool',
          contextTokens: 100_000,
        },
      },
    },
  })
  app.synth()
  api = await startApi({
    assembly: join(root, 'cdk.out'),
    dataFolder: data,
    models: { scriptFile: join(root, 'script.json') },
    onLog: (name, text) => {
      logged.push(text)
      mkdirSync(join(data, 'logs'), { recursive: true })
      appendFileSync(join(data, 'logs', `${name}.log`), text)
    },
  })
}, 180_000)
afterAll(async () => {
  await api?.stop()
  server.close()
  rmSync(root, { recursive: true, force: true })
})

/** How the step ends; what it must tell. */
const WAYS: [how: string, status: 'succeeded' | 'failed', told: RegExp][] = [
  ['an error', 'failed', /401 for \[secret BANK\]/],
  [
    'an error of a library',
    'failed',
    /request to https:\/\/bank\.example\/accounts\?api_key=\[secret BANK\] failed/,
  ],
  ['details', 'failed', /refused/],
  ['a transient error', 'failed', /busy: \[secret BANK\]/],
  ['a long error', 'failed', /characters left out/],
  ['a text that is thrown', 'failed', /no: \[secret BANK\]/],
  ['a rejection that nothing awaits', 'failed', /lost: \[secret BANK\]/],
  ['a rejection with a text', 'failed', /lost: \[secret BANK\]/],
  ['an exception in a timer', 'failed', /late: \[secret BANK\]/],
  ['a text thrown in a timer', 'failed', /Runtime|late: \[secret BANK\]/],
  ['an exit after a last word', 'failed', /exit status 3/],
  ['an output', 'failed', /output\.token has the value of secret BANK in it/],
  ['an output in base64', 'failed', /output\.header has the value of secret BANK in it/],
  ['an output that does not fit', 'failed', /answered/],
  ['lines of the console', 'succeeded', /done/],
  ['what a library writes', 'succeeded', /done/],
  ['a logger with a descriptor of its own', 'succeeded', /done/],
  ['lines of the log', 'succeeded', /done/],
  ['progress', 'succeeded', /done/],
  ['an effect', 'succeeded', /paid/],
  ['a file', 'failed', /has the value of secret BANK in it, and is not stored/],
  ['a prompt', 'succeeded', /done/],
  ['a tool', 'succeeded', /enough/],
  ['a model whose server quotes its key', 'failed', /401/],
  ['the secret of another', 'failed', /which it does not say that it needs; known: BANK/],
]

describe('masked/K1, masked/K2, masked/K3, mask-output/O1, mask-output/O2: a secret that is given away', () => {
  const seen: Kept[] = []

  it.each(WAYS)('by %s', async (how, status, told) => {
    const step = { capability: 'leaky.leak', input: { how }, retry: { maxAttempts: 1 } }
    const { taskId } = await api.submitOwn({ name: 'planted', steps: { leak: step } }, {})
    const task = await api.ended(taskId)
    expect(task, JSON.stringify(task)).toMatchObject({ status })
    const record = await api.ask('getTaskStep', { id: taskId, stepId: 'leak' })
    const logs = await api.ask('listTaskLogs', { id: taskId, step: 'leak' })
    const { body: result } = await api.call('GET', `/tasks/${taskId}/result`)
    const { body: transcript } = await api.call('GET', `/tasks/${taskId}/steps/leak/transcript`)
    const { body: events } = await api.call('GET', `/tasks/${taskId}/events`)
    const all = JSON.stringify({ task, record, logs, result, transcript, events })
    seen.push({ place: `answers of the API: ${how}`, text: all })
    expect(all).toMatch(told)
  })

  it('is in no table, object, history, answer, log or file', async () => {
    const items = await everythingIn(api.awsUrl, await bucketOf())
    await api.stop()
    const files = filesBelow(data, ['secrets.json'])
    const lines = { place: 'lines of logs', text: logged.join('') }
    // That it would be found: the places are those in which what is allowed is.
    for (const [place, expected] of [
      ['TASK#', items],
      ['s3 ', items],
      ['history of', items],
      ['.sqlite', files],
      ['.log', files],
    ] as const)
      expect(
        expected.some((one) => one.place.includes(place)),
        place,
      ).toBe(true)
    expect(items.filter(({ text }) => text.includes('[secret BANK]')).length).toBeGreaterThan(10)
    expect(lines.text).toContain('[secret BANK]')
    expect(foundIn([...items, ...files, lines, ...seen])).toEqual([])
  })

  const bucketOf = async (): Promise<string> => {
    const { files } = await api.ask('createFiles', { files: [{ path: 'a.txt' }] })
    return new URL(files[0]?.upload.url ?? '').pathname.split('/')[1] ?? ''
  }
})

/** Places with a secret in them, in any of its forms, or the larger part of one. */
function foundIn(all: readonly Kept[]): string[] {
  const mask = secretMask()
  mask.learn('BANK', SECRET)
  mask.learn('OTHER', OTHER)
  mask.learn('MODEL', MODEL_KEY)
  // As it lies on a disk: UTF-8 read byte by byte.
  mask.learn('BANK', Buffer.from(SECRET).toString('latin1'))
  const half = SECRET.slice(0, 14)
  return all
    .filter(
      ({ text }) => mask.find(text) !== undefined || text.includes(half) || text.includes(SECRET.slice(-14)),
    )
    .map(({ place }) => place)
}
