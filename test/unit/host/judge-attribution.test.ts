import { beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'
import { eventsOfStep } from '../../../shared/domain/events-of-step.ts'
import { attemptNumber } from '../../../shared/domain/step.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import { epochsAt, sumsAt } from '../../../shared/selector/decayed-counters.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import type { Work } from '../../support/agents/working-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

let world: ReturnType<typeof hostInMemory>
let work: ReturnType<typeof vi.fn<Work>>
let judged: ReturnType<typeof vi.fn<Work>>
let taskId: string
let invocations: number

const any = { description: '', input: z.unknown(), output: z.unknown() }
const agentOf = (id: string, names: readonly string[]) =>
  defineAgent({
    id,
    version: '1.0.0',
    description: 'for tests',
    capabilities: Object.fromEntries(names.map((name) => [name, any])),
    execute: ({ capability, input }, context) =>
      (capability === 'evaluate.judge' ? judged : work)(input, context),
  })
const AGENTS = {
  worker: agentOf('worker', ['work.do', 'evaluate.judge']),
  judge: agentOf('judge', ['evaluate.judge']),
}
type Judge = keyof typeof AGENTS

async function seed(more: object = {}) {
  const evaluate = { judge: { rubric: 'It is good.' }, atLeast: 0.5 }
  const steps = { a: { capability: 'work.do', evaluate, ...more } }
  // With another agent for the step there is a breaker.
  taskId = await seedTask(world.ports, { steps, agents: [makeAgent(), makeAgent({ id: 'other' })] })
  await rebind(-1, 'worker')
}

beforeEach(async () => {
  world = hostInMemory()
  work = vi.fn<Work>(async () => 'a text')
  judged = vi.fn<Work>(async () => ({ score: 0.75 }))
  invocations = 0
})

type How = { redrives?: number; hosts?: typeof world.hosts; milliseconds?: number }
function invoke(agent: keyof typeof AGENTS, second: number, how: How = {}) {
  const { redrives = 0, hosts = world.hosts, milliseconds = 60_000 } = how
  const EnteredTime = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
  const payload = { taskId, path: 'a', state: { EnteredTime, RetryCount: 0 }, redrives }
  const invocation = { id: `request-${++invocations}`, remainingMs: () => milliseconds }
  return runStep(hosts)(AGENTS[agent], payload, invocation)
}

/** What the rebinder writes before it has an agent called. */
async function rebind(second: number, agentId: string) {
  await world.clock.sleep(1_000, new AbortController().signal)
  const order = String(Date.UTC(2026, 0, 1, 0, 0, second)).padStart(15, '0')
  const fence = `0001.0000.${order}.0000`
  const startedAt = world.ports.clock.now().toISOString()
  const own = { taskId, path: 'a', owner: 'rebinder', fence }
  await world.ports.steps.takeOverStep(own, { startedAt, agentId, reboundBy: fence })
}

const record = async () => (await world.ports.steps.findSteps(taskId, ['a']))[0]

async function sums(agentId: string, capability: string) {
  const at = world.ports.clock.now().getTime() / 1_000
  const [epochs = []] = await world.ports.statistics.find(
    [{ agentId, version: '1.0.0', capability }],
    epochsAt(at),
  )
  const { calls, successes } = sumsAt(epochs, at)
  return { calls: Math.round(calls), successes: Math.round(successes) }
}
const failuresOfBreaker = async (id: string) =>
  (await world.ports.breakers.find([id])).get(id)?.breaker.consecutiveFailures ?? 0

/** Begins a call that never ends. */
async function die(agent: Judge, second: number) {
  const began = Promise.withResolvers<void>()
  judged.mockImplementationOnce(() => {
    began.resolve()
    return new Promise(() => {})
  })
  void invoke(agent, second, { milliseconds: 3_600_000 }).catch(() => {})
  await began.promise
}

const GOOD = { calls: 1, successes: 1 }
const BAD = { calls: 1, successes: 0 }
const NONE = { calls: 0, successes: 0 }
const OUTCOMES = [
  { judge: 'approves', answer: async () => ({ score: 0.75 }), writer: GOOD, own: GOOD },
  { judge: 'refuses', answer: async () => ({ score: 0.25 }), writer: BAD, own: GOOD },
  { judge: 'throws', answer: () => Promise.reject(new Error('out')), writer: NONE, own: BAD },
  { judge: 'answers nonsense', answer: async () => ({ score: 7 }), writer: NONE, own: BAD },
  {
    judge: 'quotes what is not there',
    answer: async () => ({ score: 1, quotes: ['nowhere in it'] }),
    writer: NONE,
    own: BAD,
  },
]
const CASES = OUTCOMES.flatMap((one) => (['judge', 'worker'] as const).map((by) => ({ ...one, by })))

describe('what a judge does is its own (judging/W4)', () => {
  it.each(CASES)('where $by $judge', async ({ judge, answer, writer, own, by }) => {
    await seed()
    await expect(invoke('worker', 0)).rejects.toMatchObject({ name: 'JudgementPendingError' })
    await rebind(1, by)
    judged.mockImplementationOnce(answer)
    await invoke(by, 2).catch(() => {})
    expect(await sums('worker', 'work.do')).toEqual(writer)
    expect(await sums(by, 'evaluate.judge')).toEqual(own)
    expect(await sums(by, '')).toEqual(NONE)
    expect(await failuresOfBreaker('worker')).toBe(0)
    const { attempts = [], agentId } = (await record()) ?? {}
    const isOwnFailure = own === BAD
    expect(attempts).toHaveLength(judge === 'approves' ? 0 : 1)
    expect(attemptNumber(attempts)).toBe(judge === 'refuses' ? 2 : 1)
    for (const attempt of attempts)
      expect(attempt).toMatchObject(
        isOwnFailure
          ? { agentId: by, capability: 'evaluate.judge', judgeOf: 'worker' }
          : { agentId: 'worker', capability: 'work.do', evaluation: { judge: { agentId: by } } },
      )
    if (!isOwnFailure) expect(agentId).toBe('worker')
    expect(attempts.some(({ judgeOf }) => judgeOf !== undefined)).toBe(isOwnFailure)
  })

  it('where it dies, the death is its own', async () => {
    await seed()
    await expect(invoke('worker', 0)).rejects.toThrow()
    await rebind(1, 'worker')
    await die('worker', 2)
    expect(await invoke('worker', 3)).toMatchObject({ status: 'succeeded' })
    expect(await sums('worker', 'work.do')).toEqual(GOOD)
    expect(await sums('worker', 'evaluate.judge')).toEqual({ calls: 2, successes: 1 })
    expect(await record()).toMatchObject({
      attempts: [{ agentId: 'worker', judgeOf: 'worker', error: { name: 'Lambda.Unknown' } }],
    })
  })

  it('its failures use up no attempt of the agent that writes, though it is the same', async () => {
    await seed({ retry: { on: ['error'], maxAttempts: 2 } })
    await expect(invoke('worker', 0)).rejects.toThrow()
    await rebind(1, 'worker')
    judged.mockRejectedValueOnce(new Error('out'))
    await expect(invoke('worker', 2)).rejects.toThrow('out')
    judged.mockResolvedValueOnce({ score: 0 })
    await expect(invoke('worker', 3)).rejects.toMatchObject({ name: 'EvaluationFailedError' })
    // It is called again: this was its first attempt of two.
    expect((await record())?.attempts.at(-1)).toMatchObject({ askAgainAt: expect.any(String) })
    work.mockResolvedValueOnce('another text')
    await rebind(4, 'worker')
    await expect(invoke('worker', 5)).rejects.toMatchObject({ name: 'JudgementPendingError' })
    expect(work).toHaveBeenCalledTimes(2)
  })

  it('begins no attempt of the step, and each event has one id', async () => {
    await seed()
    await expect(invoke('worker', 0)).rejects.toThrow()
    await rebind(1, 'judge')
    judged.mockRejectedValueOnce(new Error('out'))
    await expect(invoke('judge', 2)).rejects.toThrow()
    await rebind(3, 'worker')
    await invoke('worker', 4)
    const ofStep = world.events.filter(({ type }) => type.startsWith('step.'))
    const told = ofStep.map(({ type, data }) => [type, data.agentId, data.attempt, data.judgeOf])
    expect(told).toEqual([
      ['step.started', 'worker', 1, undefined],
      ['step.attempt_failed', 'judge', 1, 'worker'],
      ['step.succeeded', 'worker', undefined, undefined],
    ])
    // The events that are derived from the record are those that were published.
    const done = await record()
    const derived = done ? eventsOfStep({ taskId, tenant: 'default' }, done) : []
    expect(new Set(derived.map(({ id }) => id))).toEqual(new Set(ofStep.map(({ id }) => id)))
  })

  it('costs what the refused attempt is told to have cost, once', async () => {
    await seed()
    work.mockImplementationOnce(async (_input, { spend }) => {
      spend({ costUsd: 0.1, tokens: 10 })
      return 'a text'
    })
    judged.mockImplementationOnce(async (_input, { spend }) => {
      spend({ costUsd: 0.2, tokens: 5 })
      return { score: 0 }
    })
    await expect(invoke('worker', 0)).rejects.toThrow()
    await rebind(1, 'judge')
    await expect(invoke('judge', 2)).rejects.toThrow()
    expect(await record()).toMatchObject({
      uncounted: { costUsd: 0, tokens: 0 },
      attempts: [
        {
          costUsd: expect.closeTo(0.3, 9),
          tokens: 15,
          evaluation: { judge: { agentId: 'judge', agentVersion: '1.0.0', costUsd: 0.2, tokens: 5 } },
        },
      ],
    })
  })
})

describe('a call that repeats the one whose output waits', () => {
  it.each([2, 5])('is no attempt, however often: %i times (judging/W1)', async (times) => {
    await seed()
    for (let at = 0; at <= times; at++) {
      await expect(invoke('worker', at)).rejects.toMatchObject({ name: 'JudgementPendingError' })
      await world.clock.sleep(1_000, new AbortController().signal)
    }
    expect(work).toHaveBeenCalledTimes(1)
    expect(judged).not.toHaveBeenCalled()
    expect(await record()).toMatchObject({ attempts: [], judging: { agentId: 'worker' } })
  })

  it.each(['at once', 'while its record cannot be read'])('and is killed %s blames nobody', async (how) => {
    await seed()
    await expect(invoke('worker', 0)).rejects.toThrow()
    await world.clock.sleep(1_000, new AbortController().signal)
    const { steps } = world.hosts
    const killed = Promise.withResolvers<void>()
    const hosts = {
      ...world.hosts,
      steps: {
        ...steps,
        ...(how === 'at once' ? {} : { findSteps: () => Promise.reject(new Error('no')) }),
        async takeOverStep(...given: Parameters<typeof steps.takeOverStep>) {
          await steps.takeOverStep(...given)
          killed.resolve()
          return new Promise<never>(() => {})
        },
      },
    }
    void invoke('worker', 1, { hosts }).catch(() => {})
    await killed.promise
    await expect(invoke('worker', 2)).rejects.toMatchObject({ name: 'JudgementPendingError' })
    expect(await record()).toMatchObject({ attempts: [] })
    expect(await sums('worker', 'work.do')).toEqual(NONE)
  })
})

describe('a redrive of an execution that has lost its judge', () => {
  it('has the judge called again: the lost call was of the run before (attempt/J3)', async () => {
    await seed({ retry: { maxAttempts: 1 } })
    await expect(invoke('worker', 0)).rejects.toThrow()
    await rebind(1, 'judge')
    await die('judge', 2)
    expect(await invoke('judge', 3, { redrives: 1 })).toMatchObject({ status: 'succeeded' })
    expect(await record()).toMatchObject({
      evaluation: { score: 0.75, judge: { agentId: 'judge' } },
      attempts: [{ execution: 1, judgeOf: 'worker', error: { name: 'Lambda.Unknown' } }],
    })
    expect((await record())?.attempts[0]).not.toHaveProperty('redrive')
  })

  it('does so as well where the judge has failed before it', async () => {
    await seed({ retry: { maxAttempts: 1 } })
    await expect(invoke('worker', 0)).rejects.toThrow()
    await rebind(1, 'judge')
    judged.mockRejectedValueOnce(new Error('out'))
    await expect(invoke('judge', 2)).rejects.toThrow('out')
    expect(await invoke('judge', 3, { redrives: 1 })).toMatchObject({ status: 'succeeded' })
  })
})
