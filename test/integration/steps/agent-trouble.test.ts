import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { AgentContext } from '../../../shared/agent/index.ts'
import { rebindStep } from '../../../shared/app/steps/rebind-step.ts'
import { RebindPayloadSchema } from '../../../shared/contracts/step-payload.ts'
import { ERRORS, OrchestratorError } from '../../../shared/domain/errors.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { silentHost } from '../../support/agents/silent-host.ts'
import { workingAgent } from '../../support/agents/working-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

type Work = (context: AgentContext) => Promise<unknown>

let stores: Awaited<ReturnType<typeof startStores>>
const work = vi.fn<Work>()
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const agent = workingAgent((_input, context) => work(context))

let invocations = 0
const call = (taskId: string, path: string, second: number) => ({
  taskId,
  path,
  state: { EnteredTime: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(), RetryCount: 0 },
  redrives: 0,
})

function invoke(taskId: string, path: string): Promise<unknown> {
  const invocation = { id: `r${++invocations}`, remainingMs: () => 60_000 }
  return silentHost(stores.ports)(agent, call(taskId, path, 1), invocation)
}

/** The rebinder's answer to the error, in the form in which Step Functions passes it. */
const rebind = (taskId: string, path: string, thrown: Error) => {
  const Cause = JSON.stringify({ errorType: thrown.name, errorMessage: thrown.message })
  const payload = RebindPayloadSchema.parse({
    ...call(taskId, path, 2),
    error: { Error: thrown.name, Cause },
  })
  return rebindStep(stores.ports)({ ...payload, owner: `b${++invocations}` })
}

const step = { capability: 'work.do', onFailure: 'continue' }
const seed = (steps: object = { a: step }) => seedTask(stores.ports, { steps, agents: [makeAgent()] })
const recordOf = async (taskId: string) => (await stores.ports.steps.findSteps(taskId, ['a']))[0]

/** Step Functions' limit for a cause, in characters. */
const MOST_CAUSE = 32_768

async function failWith(thrown: unknown): Promise<Error> {
  const taskId = await seed()
  work.mockImplementationOnce(async () => {
    throw thrown
  })
  const error = await invoke(taskId, 'a').then(
    () => undefined,
    (left: Error) => left,
  )
  if (!error) throw new Error('it did not fail')
  expect(Object.keys(ERRORS)).toContain(error.name)
  const { name: errorType, message: errorMessage, stack = '' } = error
  const answer = JSON.stringify({ errorType, errorMessage, trace: stack.split('\n') })
  expect(JSON.stringify(answer).length).toBeLessThan(MOST_CAUSE)
  expect(await recordOf(taskId)).toMatchObject({
    attempts: [{ agentId: 'worker', error: { name: error.name } }],
  })
  expect(await rebind(taskId, 'a', error)).toEqual({ settled: 'failed' })
  expect(await recordOf(taskId)).toMatchObject({ status: 'failed', error: { name: error.name } })
  return error
}

const cyclic = Object.assign(new Error('cyclic'), { cause: undefined as unknown })
cyclic.cause = cyclic

describe('a step ends as its policy says after any thrown value (bounded/X3)', () => {
  it.each<[string, unknown, RegExp]>([
    ['a message of a megabyte', new Error('m'.repeat(1_000_000)), /^m+ \.\.\. \[\d+ characters left out\]/],
    ['control characters', new Error('\u0000\u001b'.repeat(5_000)), /^\ufffd/],
    ['half a surrogate', new Error('x\ud83d'), /^x\ufffd$/],
    ['an error of ours of any size', new OrchestratorError('AgentFailedError', 'n'.repeat(500_000)), /^n+ /],
    ['a huge name', Object.assign(new Error('x'), { name: 'N'.repeat(100_000) }), /^N+ /],
    ['a name that every object has', Object.assign(new Error('x'), { name: 'toString' }), /^toString: x$/],
    ['its own cause', cyclic, /^cyclic$/],
    ['null', null, /^null$/],
    ['nothing', undefined, /^undefined$/],
    ['a number', 42, /^42$/],
    [
      'what cannot be read',
      {
        get message() {
          throw new Error('no')
        },
        toString: () => {
          throw new Error('no')
        },
      },
      /cannot be shown|object/,
    ],
  ])('%s', async (_what, thrown, message) => {
    expect((await failWith(thrown)).message).toMatch(message)
  })

  it('and anything else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything({ withBigInt: true, withNullPrototype: true, withMap: true }),
        async (thrown) => void (await failWith(thrown)),
      ),
      { numRuns: 40 },
    )
  })
})

describe('an answer that is not JSON is reported by agent and path (json/J2)', () => {
  const circular: Record<string, unknown> = {}
  circular.self = circular
  it.each<[string, unknown, RegExp]>([
    ['NaN', { n: Number.NaN }, /worker answered work\.do with what is no JSON: output\.n is NaN/],
    ['nothing', undefined, /output is undefined; write null/],
    ['a BigInt', { n: 1n }, /output\.n is a BigInt/],
    ['a Date', { d: new Date(0) }, /output\.d is a Date; write toISOString/],
    ['a Map', { m: new Map() }, /output\.m is a Map/],
    ['a circle', circular, /output\.self is circular/],
    ['a function', { f: () => 1 }, /output\.f is a function/],
    [
      'a member that throws',
      {
        get a() {
          throw new Error('no')
        },
      },
      /no/,
    ],
  ])('%s', async (_what, answer, message) => {
    const taskId = await seed()
    work.mockImplementationOnce(async () => answer)
    await expect(invoke(taskId, 'a')).rejects.toThrow(message)
    expect(await recordOf(taskId)).toMatchObject({ status: 'running', attempts: [{ agentId: 'worker' }] })
  })

  it('and an absent member is absent', async () => {
    const taskId = await seed()
    work.mockImplementationOnce(async () => ({ a: undefined, b: 1 }))
    await invoke(taskId, 'a')
    expect((await recordOf(taskId))?.output).toEqual({ inline: '{"b":1}' })
  })
})

it('does not fail a step for invalid progress or spending reports', async () => {
  const taskId = await seed()
  work.mockImplementationOnce(async (context) => {
    await context.progress(Number.NaN, 'n'.repeat(100_000))
    context.log.info('l'.repeat(1_000_000))
    expect(() => context.spend({ costUsd: Number.POSITIVE_INFINITY })).toThrow('spend wants numbers from 0')
    context.spend({ costUsd: 1e-300 })
    expect((await recordOf(taskId))?.progress).toMatchObject({ fraction: 0 })
    return 1
  })
  await invoke(taskId, 'a')
  expect(await recordOf(taskId)).toMatchObject({ status: 'succeeded', output: { inline: '1' } })
})

describe('a condition is true or false (resolve/R2)', () => {
  it.each([
    ['{% 5 %}', 'when {% 5 %} is 5; a condition is true or false'],
    ["{% 'yes' %}", 'is "yes"; a condition'],
    ['{% null %}', 'is null; a condition'],
    ['{% [] %}', 'is []; a condition'],
  ])('%s is neither, and the failure of its step', async (when, message) => {
    const taskId = await seed({ a: { ...step, when } })
    const error = await invoke(taskId, 'a').then(
      () => new Error('it ran'),
      (left: Error) => left,
    )
    expect(error).toMatchObject({ name: 'InvalidInputError', message: expect.stringContaining(message) })
    expect(await rebind(taskId, 'a', error)).toEqual({ settled: 'failed' })
  })

  it.each([
    ['{% true %}', 'succeeded'],
    ['{% false %}', 'skipped'],
    ['{% $input.nothing.of.it %}', 'skipped'],
  ])('%s is one: %s', async (when, status) => {
    const taskId = await seed({ a: { ...step, when } })
    work.mockImplementationOnce(async () => 1)
    expect(await invoke(taskId, 'a')).toMatchObject({ status })
  })
})
