import { expect, it } from 'vitest'
import * as z from 'zod'
import { defineAgent, RetryableError } from '../../../shared/agent/index.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { testAgent } from '../../../testing/index.ts'

/** The idempotency keys that the refund service has got. */
const keys: string[] = []
const clerk = defineAgent({
  id: 'clerk',
  version: '1.0.0',
  description: 'for tests',
  price: { perCallUsd: 0.001 },
  capabilities: {
    'money.refund': {
      description: 'refunds',
      input: z.object({ cents: z.number(), from: z.object({ $file: z.string() }).optional() }),
      output: z.object({ refunded: z.number(), note: z.string().default('thanks') }),
    },
    'money.fail': { description: 'fails', input: z.string(), output: z.null() },
    'money.wait': { description: 'waits', input: z.null(), output: z.number() },
  },
  async execute(call, { files, once, log, spend, progress, attempt, signal }) {
    if (call.capability === 'money.fail') {
      if (call.input === 'exit') process.exit(3)
      if (call.input === 'busy') throw new OrchestratorError('AgentRetryableError', 'come again')
      throw new TypeError(call.input)
    }
    if (call.capability === 'money.wait') {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      throw signal.reason
    }
    const { cents, from } = call.input
    log.info('refunding', { attempt })
    await progress(0.5, 'half')
    if (from) for (const { key } of await files.list(from)) await files.readText(key)
    const { done } = await once('refund', async (key) => {
      keys.push(key)
      return { done: cents }
    })
    spend({ costUsd: 0.01, tokens: 12 })
    return { refunded: done } as never
  },
})
const refund = { capability: 'money.refund', input: { cents: 5 } }

it('answers the output as the host stores it, and all that the agent has done', async () => {
  const files = { 'files/a/one.txt': 'eins', 'files/a/two.txt': 'zwei', 'files/b/b.txt': 'drei' }
  const run = await testAgent(clerk, {
    capability: 'money.refund',
    input: { cents: 5, from: { $file: 'files/a/' } },
    files,
  })
  expect(run).toEqual({
    output: { refunded: 5, note: 'thanks' },
    files: ['files/a/one.txt', 'files/a/two.txt'],
    written: {},
    once: { refund: { performed: 1, result: { done: 5 } } },
    progress: [{ fraction: 0.5, note: 'half' }],
    log: [{ level: 'info', message: 'refunding', facts: { attempt: 1 } }],
    spent: { usd: 0.011, tokens: 12 },
    attempt: 1,
    state: {},
    modelCalls: [],
  })
})

it('performs an effect once for a step, in any of its attempts', async () => {
  const first = await testAgent(clerk, refund)
  const second = await testAgent(clerk, { ...refund, after: first })
  expect(second).toMatchObject({ output: { refunded: 5 }, attempt: 2, once: { refund: { performed: 0 } } })
  const known = await testAgent(clerk, { ...refund, once: { refund: { done: 3 } } })
  expect(known).toMatchObject({ output: { refunded: 3 }, once: { refund: { performed: 0 } } })
})

it('fails where the agent calls process.exit, as its step would (until-exit/E1)', async () => {
  const { error } = await testAgent(clerk, { capability: 'money.fail', input: 'exit' })
  expect(error).toEqual({
    name: 'Runtime.ExitError',
    message: 'Runtime exited with error: exit status 3: process.exit was called',
    retryable: true,
  })
})

it('performs an effect again, under the same key, when the process died before its result was kept', async () => {
  keys.length = 0
  const died = await testAgent(clerk, { ...refund, crashAfter: 'refund' })
  expect(died.error).toEqual({
    name: 'Runtime.ExitError',
    message: 'the test has ended the process after the effect "refund"',
    retryable: true,
  })
  const retried = await testAgent(clerk, { ...refund, after: died })
  expect(retried).toMatchObject({ output: { refunded: 5 }, once: { refund: { performed: 1 } } })
  expect(keys).toHaveLength(2)
  expect(new Set(keys).size).toBe(1)
})

it('asks a target that can be asked before the effect is performed again, without waiting', async () => {
  const performed: string[] = []
  const asking = defineAgent({
    id: 'asking',
    version: '1.0.0',
    description: 'for tests',
    capabilities: { ask: { description: 'asks', input: z.null(), output: z.json() } },
    execute: (_call, { once }) =>
      once('mail', {
        perform: async (key) => {
          performed.push(key)
          return { sent: key }
        },
        find: async (key) => (performed.includes(key) ? { sent: key, found: true } : undefined),
      }),
  })
  const died = await testAgent(asking, { crashAfter: 'mail' })
  const retried = await testAgent(asking, { after: died })
  expect(retried).toMatchObject({ output: { found: true }, once: { mail: { performed: 0 } } })
  expect(performed).toHaveLength(1)
})

it.each([
  {
    what: 'an input that the schema refuses',
    test: { capability: 'money.refund', input: { cents: 'five' } },
    error: { name: 'InvalidInputError', message: expect.stringContaining('cents'), retryable: false },
  },
  {
    what: 'a file that is not there',
    test: { capability: 'money.refund', input: { cents: 1, from: { $file: 'files/none/at-all' } } },
    error: {
      name: 'InvalidInputError',
      message: expect.stringContaining('files/none/at-all'),
      retryable: false,
    },
  },
  {
    what: 'an error of its own',
    test: { capability: 'money.fail', input: 'no luck' },
    error: { name: 'AgentFailedError', message: 'TypeError: no luck', retryable: false },
  },
  {
    what: 'an error that is worth another try',
    test: { capability: 'money.fail', input: 'busy' },
    error: { name: 'AgentRetryableError', message: 'come again', retryable: true },
  },
  {
    what: 'a time limit',
    test: { capability: 'money.wait', timeoutSeconds: 0.02 },
    error: { name: 'StepTimedOutError', message: expect.stringContaining('0.02 s'), retryable: false },
  },
])('answers $what as the error that the host records', async ({ test, error }) => {
  expect((await testAgent(clerk, test)).error).toEqual(error)
})

it('keeps what the agent itself has thrown', async () => {
  const { thrown, spent } = await testAgent(clerk, { capability: 'money.fail', input: 'no luck' })
  expect(thrown).toBeInstanceOf(TypeError)
  expect(spent).toEqual({ usd: 0.001, tokens: 0 })
})

it('cancels the task by a signal', async () => {
  const stop = new AbortController()
  const running = testAgent(clerk, { capability: 'money.wait', signal: stop.signal })
  setTimeout(() => stop.abort(), 5)
  expect((await running).error).toMatchObject({ name: 'TaskCancelledError' })
})

it('passes the number of the attempt', async () => {
  const run = await testAgent(clerk, { ...refund, attempt: 3 })
  expect(run.log).toEqual([{ level: 'info', message: 'refunding', facts: { attempt: 3 } }])
})

it.each([
  [{}, 'say which capability of agent "clerk" is called: money.refund, money.fail, money.wait'],
  [{ capability: 'money.refnd' }, 'agent "clerk" does not offer "money.refnd"; did you mean "money.refund"?'],
  [{ capability: 'money.wait', input: { at: new Date(0) } }, /an agent's input is JSON: .*at/],
])('says what is wrong with a test: %j', async (test, message) => {
  await expect(testAgent(clerk, test)).rejects.toThrow(message)
})

it('an agent with a misspelt field is refused, with what was meant', () => {
  const misspelt = { limit: { timeoutSeconds: 5 } }
  expect(() =>
    defineAgent({
      id: 'a',
      version: '1.0.0',
      description: 'A.',
      capabilities: {},
      execute: () => Promise.reject(new Error('not asked')),
      ...misspelt,
    }),
  ).toThrow('limit: an agent has no "limit"; did you mean "limits"?')
})

it.each([0, 1.5, Number.NaN, 1_000_000])(
  'attempt %d is refused: it says which there are',
  async (attempt) => {
    await expect(testAgent(clerk, { capability: 'money.fail', input: 'x', attempt })).rejects.toThrow(
      `attempt is ${attempt}; it must be a whole number from 1 to 100`,
    )
  },
)

it('throws the error of a failed run where its output is read, with what was thrown as the cause', async () => {
  const mistake = new TypeError('x is not a function')
  const broken = defineAgent({
    id: 'broken',
    version: '1.0.0',
    description: '',
    capabilities: { 'work.do': { description: '', input: z.null(), output: z.json() } },
    async execute() {
      throw mistake
    },
  })
  const run = await testAgent(broken)
  expect(() => run.output).toThrow(
    expect.objectContaining({ name: run.error?.name, message: run.error?.message, cause: mistake }),
  )
  expect(run.error?.message).toContain('x is not a function')
  expect({ ...run }).not.toHaveProperty('output')
  expect(JSON.parse(JSON.stringify(run))).toMatchObject({ error: { name: run.error?.name } })
})

const scribe = defineAgent({
  id: 'scribe',
  version: '1.0.0',
  description: 'for tests',
  capabilities: {
    'text.write': {
      description: 'writes',
      input: z.object({ name: z.string(), fails: z.boolean().default(false) }),
      output: z.object({ file: z.object({ $file: z.string() }), text: z.string() }),
    },
  },
  async execute({ input: { name, fails } }, { files, once }) {
    const file = await once('file', async () => ({ ...(await files.write(name, `about ${name}`)) }))
    if (fails) throw new RetryableError('again')
    return { file, text: await files.readText(file) }
  },
})

it.each(['a/b.md', '__proto__'])(
  'notes the files that an agent writes, and those that it reads: %s',
  async (name) => {
    const { output, written, files } = await testAgent(scribe, { input: { name } })
    const key = expect.stringContaining('task-files/default/t_')
    expect([output, files]).toEqual([{ file: { $file: key }, text: `about ${name}` }, [key]])
    expect(Object.keys(written)).toEqual([name])
    expect(new TextDecoder().decode(Object.values(written)[0]?.bytes)).toBe(`about ${name}`)
  },
)

it('keeps for the next attempt the file that an effect has written', async () => {
  const first = await testAgent(scribe, { input: { name: 'a', fails: true } })
  expect([first.error?.name, Object.keys(first.written)]).toEqual(['AgentRetryableError', ['a']])
  const second = await testAgent(scribe, { input: { name: 'a' }, after: first })
  expect([second.output, second.written]).toMatchObject([{ text: 'about a' }, {}])
})
