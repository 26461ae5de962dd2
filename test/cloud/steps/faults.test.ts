/** What is told of an agent that goes wrong: in the attempt's record, and in the log. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { removeAltered, replaceAgent } from '../../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const FILE = 'test/support/agents/faulty-agent.ts'
const PATH = join(import.meta.dirname, '../../..', FILE)
const lineOf = (text: string): number =>
  readFileSync(PATH, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1

let api: LocalApi
beforeAll(async () => {
  api = await startApi({ assembly: await replaceAgent('echo', PATH) })
}, 120_000)
afterAll(async () => {
  await api.stop()
  removeAltered()
})

async function failWith(fault: string) {
  const step = { capability: 'echo', input: { fault }, retry: { maxAttempts: 1 } }
  const { taskId } = await api.submitOwn({ name: 'faulty', steps: { a: step } }, {})
  expect(await api.ended(taskId)).toMatchObject({ status: 'failed' })
  const { attempts, error } = await api.ask('getTaskStep', { id: taskId, stepId: 'a' })
  const { logs } = await api.ask('listTaskLogs', { id: taskId, step: 'a' })
  expect(attempts).toHaveLength(1)
  return { error: attempts[0]?.error, step: error, logs, messages: logs.map(({ message }) => message) }
}

it('an error has its place in the source, its causes and their codes', async () => {
  const { error, logs, messages } = await failWith('throws')
  expect(error).toMatchObject({
    name: 'AgentFailedError',
    message: expect.stringMatching(/^TypeError: no price/),
    causes: [{ name: 'Error', message: 'the bank is closed (EBANK)', code: 'EBANK' }],
  })
  const [first, ...rest] = error?.stack?.split('\n') ?? []
  expect(first).toMatch(new RegExp(`${FILE}:${lineOf("new TypeError('no price'")}:\\d+`))
  expect(rest.join('\n')).not.toMatch(/index\.mjs|shared\/host|node:internal/)
  expect(error?.causes?.[0]?.stack).toMatch(
    new RegExp(`^at causeOfFault \\(${FILE}:${lineOf("new Error('the bank")}:\\d+\\)`),
  )
  expect(messages).toContain('begins with throws')
  expect(logs).toContainEqual(
    expect.objectContaining({
      message: 'attempt failed',
      facts: expect.objectContaining({ errorStack: expect.stringContaining(`${FILE}:`) }),
    }),
  )
})

it('a rejection that nothing awaits has its stack', async () => {
  const { error, messages } = await failWith('lets a rejection go')
  expect(error).toMatchObject({
    name: 'Runtime.UnhandledPromiseRejection',
    message: expect.stringContaining('Error: the bank is closed'),
    stack: expect.stringMatching(new RegExp(`^at causeOfFault \\(${FILE}:${lineOf("new Error('the bank")}:`)),
  })
  expect(messages).toContain('before the rejection')
})

it('an exit has its code and the last lines, and leaves what was logged', async () => {
  const { error, step, messages } = await failWith('exits')
  expect(error).toMatchObject({
    name: 'Runtime.ExitError',
    message: expect.stringContaining('exit status 3: process.exit was called'),
    stack: expect.stringContaining(FILE),
  })
  expect(step).toMatchObject({
    name: 'Runtime.ExitError',
    message: expect.stringMatching(/exit status 3; its last lines:\n(.|\n)*before the exit/),
  })
  expect(messages).toEqual(expect.arrayContaining(['begins with exits', 'before the exit']))
})

it('an output that is no JSON has the place and what it is', async () => {
  const { error } = await failWith('answers a BigInt')
  expect(error).toMatchObject({
    name: 'AgentOutputError',
    message: expect.stringContaining('output.rows[1].n is a BigInt'),
  })
})
