import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import { defineAgent, FinalError } from '../../../shared/agent/index.ts'
import { secretMask } from '../../../shared/domain/secret-mask.ts'
import type { HostPorts } from '../../../shared/host/host-ports.ts'
import { maskedPorts } from '../../../shared/host/masked-ports.ts'
import { testAgent } from '../../../testing/index.ts'
import { portsWith } from '../../support/stores/ports-with.ts'

const OPENAI = 'key-0123456789-abcdef'
type Work = Parameters<Parameters<typeof make>[0]>[0]

/** An agent that needs two secrets and does with its context what a test says. */
function make(work: (context: Parameters<Parameters<typeof define>[0]>[0]) => Promise<unknown>) {
  return define(work)
}
function define(
  work: (context: import('../../../shared/agent/index.ts').AgentContext<'OPENAI' | 'DB'>) => Promise<unknown>,
) {
  return defineAgent({
    id: 'keeper',
    version: '1.0.0',
    description: 'Reads secrets.',
    needs: { secrets: ['OPENAI', 'DB'] },
    capabilities: { 'keep.it': { description: 'x', input: z.unknown(), output: z.unknown() } },
    execute: async (_call, context) => work(context),
  })
}
const run = (work: (context: Work) => Promise<unknown>, secrets: Record<string, string> = { OPENAI }) =>
  testAgent(make(work), { secrets })

describe('context.secret', () => {
  it('gives the text of a secret that the agent needs', async () => {
    const { output } = await run(async ({ secret }) => (await secret('OPENAI')).length)
    expect(output).toBe(OPENAI.length)
  })

  it('of a name that is not in needs.secrets is an error of types, and a ConfigError', async () => {
    const { error } = await run(async ({ secret }) => {
      // @ts-expect-error it is not in needs.secrets
      return secret('OPENAL')
    })
    expect(error).toMatchObject({
      name: 'ConfigError',
      message:
        'agent keeper asks for secret "OPENAL", which it does not say that it needs; did you mean "OPENAI"? (known: DB, OPENAI); declare it in needs.secrets',
    })
    defineAgent({
      id: 'none',
      version: '1.0.0',
      description: 'Needs none.',
      capabilities: { 'keep.it': { description: 'x', input: z.unknown(), output: z.unknown() } },
      execute: async (_call, { secret }) => {
        expectTypeOf(secret).parameter(0).toEqualTypeOf<'WEBHOOK_SECRET'>()
      },
    })
  })

  it('of a secret that the test does not give says what to write', async () => {
    const { error } = await run(async ({ secret }) => secret('DB'))
    expect(error).toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining("secrets: { DB: '...' }"),
    })
  })

  it('is given secrets of the test by their names only', async () => {
    await expect(run(async () => 1, { OPENAL: 'x' })).rejects.toThrow(
      'secrets["OPENAL"]: no agent of the test needs a secret "OPENAL"; did you mean "OPENAI"?',
    )
  })
})

describe('masked/K2: what the agent throws after it has read a secret', () => {
  it.each<[string, (key: string) => unknown]>([
    ['a message', (key) => new Error(`401 for ${key}`)],
    ['a message that is cut', (key) => new Error(`${'x'.repeat(1_285)}${key}${'y'.repeat(5_000)}`)],
    [
      'a cause',
      (key) => new Error('no', { cause: new Error('why', { cause: new TypeError(`with ${key}`) }) }),
    ],
    ['details', (key) => new FinalError('no', { details: { headers: { authorization: `Bearer ${key}` } } })],
    ['the errors of an AggregateError', (key) => new AggregateError([new Error(key)], 'all')],
    ['a code', (key) => Object.assign(new Error('no'), { code: key })],
    ['a name', (key) => Object.assign(new Error('no'), { name: key })],
    ['a URL', (key) => new Error(`https://api.example.com/?q=${encodeURIComponent(`${key}/ü`)}`)],
    ['a header', (key) => new Error(`Basic ${Buffer.from(`me:${key}`).toString('base64')}`)],
    ['no error', (key) => key],
    ['an object', (key) => ({ key })],
  ])('%s', async (_what, thrown) => {
    const ran = await run(async ({ secret }) => {
      throw thrown(await secret('OPENAI'))
    })
    const { thrown: _raw, ...told } = ran
    expect(JSON.stringify(told.error)).not.toContain(OPENAI.slice(0, 12))
    expect(JSON.stringify(told.error)).not.toContain(Buffer.from(OPENAI).toString('base64').slice(2, 12))
  })
})

describe('masked/K3: an output with a secret in it fails the attempt', () => {
  it.each<[string, (key: string) => unknown, string]>([
    ['a text', (key) => `key=${key}`, 'output'],
    ['a member', (key) => ({ rows: [{ headers: { 'x-key': key } }] }), 'output.rows[0].headers["x-key"]'],
    ['the name of a member', (key) => ({ [key]: 1 }), 'the name of a member of output'],
    ['base64', (key) => ({ auth: Buffer.from(`u:${key}`).toString('base64') }), 'output.auth'],
  ])('%s', async (_what, answer, path) => {
    const { error } = await run(async ({ secret }) => answer(await secret('OPENAI')))
    expect(error).toMatchObject({
      name: 'AgentOutputError',
      message: `${path} has the value of secret OPENAI in it; what an agent answers is stored and shown: leave it out`,
    })
  })

  it('a number', async () => {
    const { error } = await run(async ({ secret }) => Number(await secret('DB')), { DB: '1234567890' })
    expect(error).toMatchObject({ name: 'AgentOutputError' })
  })

  it('a file, also in two chunks', async () => {
    const { error, written } = await run(async ({ secret, files }) => {
      const key = await secret('OPENAI')
      const chunks = async function* () {
        yield `key: ${key.slice(0, 9)}`
        yield key.slice(9)
      }
      return files.write('keys.txt', chunks())
    })
    expect(error).toMatchObject({
      name: 'AgentOutputError',
      message: 'the file "keys.txt" has the value of secret OPENAI in it, and is not stored; leave it out',
    })
    expect(written).toEqual({})
  })

  it('masked/K4: one without a secret is stored as it is', async () => {
    const answer = { text: 'a [secret OPENAI] of another', rows: [1, 'two', null] }
    const { output } = await run(async ({ secret }) => {
      await secret('OPENAI')
      return answer
    })
    expect(output).toEqual(answer)
  })
})

describe('masked/K1: what is kept of an attempt', () => {
  it('a result of an effect, for this attempt and for later ones', async () => {
    const agent = make(async ({ secret, once }) => {
      const key = await secret('OPENAI')
      const result = await once('call', async () => `answered ${key}`)
      if (result.includes(key)) throw new Error('the result has it')
      return result
    })
    const first = await testAgent(agent, { secrets: { OPENAI } })
    expect(first.output).toBe('answered [secret OPENAI]')
    const again = await testAgent(agent, { secrets: { OPENAI }, after: first })
    expect(again.output).toBe('answered [secret OPENAI]')
  })

  it('notes of the progress', async () => {
    const { progress } = await run(async ({ secret, progress }) => {
      await progress(0.5, `calling with ${await secret('OPENAI')}`)
      return null
    })
    expect(progress).toEqual([{ fraction: 0.5, note: 'calling with [secret OPENAI]' }])
  })
})

it('is masked with all else that is written, argument by argument (masked/K1, K4)', async () => {
  const mask = secretMask()
  mask.learn('OPENAI', OPENAI)
  const seen: unknown[][] = []
  const { steps, values } = maskedPorts(
    portsWith<HostPorts>({
      mask,
      steps: { addAttempt: async (...given) => seen.push(given) > 0 },
      values: {
        storeValue: async (...given) => {
          seen.push(given)
          return { inline: 'null' }
        },
      },
    }),
  )
  const own = { taskId: 't', path: 'a', owner: 'o', fence: '1' }
  const attempt = { agentId: 'a', startedAt: '', endedAt: '', error: { name: 'E', message: `no ${OPENAI}` } }
  await steps.addAttempt(own, attempt, 3, { judged: true })
  await values.storeValue('t', [OPENAI], 7)
  const told = { ...attempt, error: { name: 'E', message: 'no [secret OPENAI]' } }
  expect(seen).toEqual([
    [own, told, 3, { judged: true }],
    ['t', ['[secret OPENAI]'], 7],
  ])
})
