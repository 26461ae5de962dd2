import { beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type AgentContext, defineAgent } from '../../../shared/agent/index.ts'
import { readState } from '../../../shared/app/state/read-state.ts'
import { setState } from '../../../shared/app/state/write-state.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import { testAgent } from '../../../testing/index.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { type Work, workingAgent } from '../../support/agents/working-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

let world: ReturnType<typeof hostInMemory>
let work: Work
let invocations: number
beforeEach(() => {
  world = hostInMemory()
  invocations = 0
})

const agent = workingAgent((input, context) => work(input, context))
const STEP = { capability: 'work.do', input: {} }

const seed = (state: object = {}, steps: object = { a: STEP }) =>
  seedTask(world.ports, { state, steps, agents: [makeAgent()] })

function invoke(taskId: string, path = 'a', second = 0) {
  const EnteredTime = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
  const payload = { taskId, path, state: { EnteredTime, RetryCount: 0 } }
  const invocation = { id: `request-${++invocations}`, remainingMs: () => 60_000 }
  return runStep(world.hosts)(agent, payload, invocation)
}

const stateOf = async (taskId: string) => readState(world.ports, await world.ports.plans.getPlan(taskId))

/** What the agent's work answers, or the error with which it fails. */
async function inStep(taskId: string, doing: (state: AgentContext['state']) => Promise<unknown>, second = 0) {
  let told: unknown
  work = async (_input, { state }) => {
    told = await doing(state).catch((error: unknown) => error)
    return {}
  }
  await invoke(taskId, 'a', second)
  return told
}

describe('context.state', () => {
  it('reads and writes values, and tells of each version', async () => {
    const taskId = await seed({ n: { conflict: 'counter', initial: 0 } })
    const told = await inStep(taskId, async (state) => [
      await state.get('none'),
      await state.get('n'),
      await state.set('x', { a: 1 }),
      await state.set('x', { a: 2 }),
      await state.update<number>('n', (current = 7) => current + 1),
      await state.snapshot(),
      (await state.history('x')).map(({ version, value, by }) => [version, value, by]),
      (await state.history('x', { before: 2, limit: 1 })).map(({ version }) => version),
    ])
    const by = { path: 'a', attempt: 1 }
    expect(told).toEqual([
      undefined,
      0,
      1,
      2,
      1,
      { values: { n: 1, x: { a: 2 } }, versions: { n: 1, x: 2 } },
      [
        [2, { a: 2 }, by],
        [1, { a: 1 }, by],
      ],
      [1],
    ])
    expect(world.events.filter(({ type }) => type === 'state.changed').map(({ data }) => data)).toEqual([
      { taskId, tenant: 'default', key: 'x', version: 1, by },
      { taskId, tenant: 'default', key: 'x', version: 2, by },
      { taskId, tenant: 'default', key: 'n', version: 1, by },
    ])
  })

  it('compares a value with the version that the attempt has seen (agent-state/F3)', async () => {
    const taskId = await seed()
    const plan = await world.ports.plans.getPlan(taskId)
    const other = (value: Json) =>
      setState(world.ports, { ...plan, key: 'x', by: { path: 'b', attempt: 1 } }, { value })
    const told = await inStep(taskId, async (state) => {
      await state.set('x', 1)
      const { version } = await other(2).catch(() => ({ version: { version: 0 } }))
      expect(version.version).toBe(0)
      await setState(world.ports, { ...plan, key: 'x', by: { path: 'b', attempt: 1 } }, { value: 2, from: 1 })
      return state.set('x', 3)
    })
    expect(told).toMatchObject({
      name: 'StateConflictError',
      message:
        'state "x" is at version 2, and this write is based on version 1: read it again, or use update',
    })
    expect(await inStep(await seed(), (state) => state.set('x', 1, { ifVersion: 4 }))).toMatchObject({
      name: 'InvalidInputError',
      message: 'state "x" has no version 4; the newest is 0',
    })
  })

  it.each<[string, (state: AgentContext['state']) => Promise<unknown>, string]>([
    [
      'a key',
      (state) => state.get('A b'),
      '"A b" is no key of the shared state: a key of the shared state starts with a-z',
    ],
    [
      'a word of expressions',
      (state) => state.set('and', 1),
      '"and" is no key of the shared state: this word belongs',
    ],
    ['a version', (state) => state.set('x', 1, { ifVersion: 1.5 }), 'ifVersion of state "x" is 1.5'],
    [
      'a limit',
      (state) => state.history('x', { limit: 101 }),
      'limit is 101; a history has 1 to 100 versions',
    ],
    [
      'a name',
      (state) => state.set('x', 1, { once: '' }),
      'the name of a write (once) has 1 to 200 characters',
    ],
    [
      'what is no JSON',
      (state) => state.update('x', () => Number.NaN),
      'state "x" is what is no JSON: the value is NaN',
    ],
  ])('refuses %s that is not allowed', async (_what, doing, message) => {
    const told = await inStep(await seed(), doing)
    expect(told).toMatchObject({ name: 'InvalidInputError', message: expect.stringContaining(message) })
  })

  it('begins no write in an attempt that has lost its step (agent-state/F1)', async () => {
    const taskId = await seed()
    const began = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const zombie = Promise.withResolvers<unknown>()
    work = async (_input, { state }) => {
      await state.set('x', 'before')
      began.resolve()
      await goOn.promise
      zombie.resolve(await state.set('x', 'late').catch((error: unknown) => error))
      return {}
    }
    const first = invoke(taskId).catch(() => {})
    await began.promise
    work = async (_input, { state }) => ({ seen: (await state.get('x')) ?? null })
    await invoke(taskId, 'a', 1)
    goOn.resolve()
    expect(await zombie.promise).toMatchObject({ name: 'StepSupersededError' })
    await first
    expect((await stateOf(taskId)).values).toEqual({ x: 'before' })
  })

  it('writes under a name once over all attempts, and without one again (state/O1)', async () => {
    const taskId = await seed()
    const add = (current: number | undefined) => (current ?? 0) + 1
    work = async (_input, { state, attempt }) => {
      await state.update<number>('named', add, { once: 'add' })
      await state.update<number>('other', add)
      if (attempt < 3) throw Object.assign(new Error('again'), { name: 'AgentRetryableError' })
      return {}
    }
    for (const second of [0, 1]) await expect(invoke(taskId, 'a', second)).rejects.toThrow('again')
    await invoke(taskId, 'a', 2)
    expect((await stateOf(taskId)).values).toEqual({ named: 1, other: 3 })
  })

  it('never writes the value of a secret (agent-state/F2)', async () => {
    const keeper = defineAgent({
      id: 'keeper',
      version: '1.0.0',
      description: 'Reads a secret.',
      needs: { secrets: ['KEY'] },
      capabilities: { 'keep.it': { description: 'x', input: z.unknown(), output: z.unknown() } },
      async execute(_call, { secret, state }) {
        const key = await secret('KEY')
        const refused = async (write: () => Promise<unknown>) =>
          write().then(
            () => 'written',
            (error: unknown) => String(error),
          )
        return [
          await refused(() => state.set('x', { deep: `Bearer ${key}` })),
          await refused(() => state.update('x', () => [key])),
          await state.snapshot(),
        ]
      },
    })
    const { output } = await testAgent(keeper, { secrets: { KEY: 'key-0123456789-abcdef' } })
    expect(output).toEqual([
      expect.stringContaining('state "x".deep has the value of secret KEY in it'),
      expect.stringContaining('state "x"[0] has the value of secret KEY in it'),
      { values: {}, versions: {} },
    ])
  })

  it('is given and shown by testAgent', async () => {
    const adder = defineAgent({
      id: 'adder',
      version: '1.0.0',
      description: 'Adds.',
      capabilities: { 'n.add': { description: 'x', input: z.unknown(), output: z.unknown() } },
      execute: async (_call, { state }) => state.update<number>('n', (n = 0) => n + 1),
    })
    const { output, state } = await testAgent(adder, { state: { n: 4, other: 'x' } })
    expect({ output, state }).toEqual({ output: 5, state: { n: 5, other: 'x' } })
    await expect(testAgent(adder, { state: { 'a b': 1 } })).rejects.toThrow(
      'a key of the shared state starts with a-z',
    )
    await expect(testAgent(adder, { state: { n: Number.NaN as never } })).rejects.toThrow(
      'what is shared is JSON',
    )
  })
})
