import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { rebindStep } from '../../../shared/app/steps/rebind-step.ts'
import { showTask } from '../../../shared/app/views/read-tasks.ts'
import {
  ControlPayloadSchema,
  RebindPayloadSchema,
  StepPayloadSchema,
} from '../../../shared/contracts/step-payload.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { silentHost } from '../../support/agents/silent-host.ts'
import { type Work, workingAgent } from '../../support/agents/working-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const MINUTE = 60_000
const START = Date.UTC(2026, 0, 1, 12)
/** Each entry of a state is an hour before the previous one. */
const entryTime = (entry: number): string => new Date(START - entry * 60 * MINUTE).toISOString()

let invocations = 0
const payloadOf = (taskId: string, entry: number, retry = 0, more: { turn?: number[] } & object = {}) => ({
  taskId,
  path: 'a',
  state: { EnteredTime: entryTime(entry), RetryCount: retry },
  redrives: [0],
  ...more,
})

function invoke(payload: object, work: Work): Promise<unknown> {
  const invocation = { id: `r${++invocations}`, remainingMs: () => 60_000 }
  return silentHost(stores.ports)(workingAgent(work), payload, invocation)
}

const busy: Work = async () => {
  throw new OrchestratorError('AgentBusyError', 'not now')
}

/** The input that the step's Catch leaves: the caught error, and the step's own turn. */
const caught = ({ turn, ...call }: { turn?: number[] }, error: object) => ({
  ...call,
  error: { error, turn },
})

function rebind(payload: object) {
  const error = { Error: 'AgentBusyError', Cause: '{"errorMessage":"no"}' }
  const parsed = RebindPayloadSchema.parse(caught(payload, error))
  return rebindStep(stores.ports)({ ...parsed, owner: `b${++invocations}` })
}

const seed = (steps: object = { a: { capability: 'work.do' } }) =>
  seedTask(stores.ports, { steps, agents: [makeAgent()] })

describe('a clock that goes back', () => {
  it('lets a step wait for a busy agent over several turns', async () => {
    const taskId = await seed()
    let turn: number[] = []
    for (let at = 0; at < 5; at++) {
      await expect(invoke(payloadOf(taskId, 2 * at, 0, { turn }), busy)).rejects.toMatchObject({
        name: 'AgentBusyError',
      })
      const answer = await rebind(payloadOf(taskId, 2 * at + 1, 0, { turn }))
      expect(answer).toMatchObject({ rebound: { agentId: 'worker' }, turn: at + 1 })
      turn = 'rebound' in answer ? [answer.turn] : []
    }
    expect(await invoke(payloadOf(taskId, 20, 0, { turn }), async () => 1)).toMatchObject({
      status: 'succeeded',
    })
  })

  it('lets no late invocation of an earlier turn write, even with a later entry time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(5), fc.nat(5), fc.nat(2), async (early, late, retry) => {
        const taskId = await seed()
        await rebind(payloadOf(taskId, late, 0, { turn: [] }))
        await rebind(payloadOf(taskId, late, 0, { turn: [1] }))
        const zombies = [
          () => invoke(payloadOf(taskId, early, retry, { turn: [1] }), async () => 'zombie'),
          () => rebind(payloadOf(taskId, early, retry, { turn: [] })),
        ]
        for (const zombie of zombies)
          await expect(zombie()).rejects.toMatchObject({ name: 'StepSupersededError' })
        expect(await invoke(payloadOf(taskId, late, 0, { turn: [2] }), async () => 1)).toMatchObject({
          status: 'succeeded',
        })
      }),
      { numRuns: 20 },
    )
  })

  it('ends a wait, and goes round a loop', async () => {
    const loop = {
      repeat: {
        steps: { draft: { capability: 'work.do' } },
        until: '{% $iteration = 3 %}',
        maxIterations: 5,
      },
    }
    for (const [steps, rounds] of [
      [{ a: { wait: { seconds: 5 } } }, [undefined]],
      [{ a: loop }, ['a[1]', 'a[2]', 'a[3]']],
    ] as const) {
      const taskId = await seed(steps)
      const control = (entry: number, more: object) => {
        const payload = ControlPayloadSchema.parse(payloadOf(taskId, entry, 0, more))
        return controlStep(stores.ports)({ ...payload, owner: `c${++invocations}` })
      }
      await control(0, { at: 'begin' })
      let answer: object = {}
      for (const [at, round] of rounds.entries())
        answer = await control(at + 1, { at: 'end', ...(round ? { round } : {}) })
      expect(answer).toMatchObject({ status: 'succeeded' })
    }
  })

  it('gives no negative durations', async () => {
    const taskId = await seed()
    const { clock } = stores.ports
    let behind = 0
    stores.ports.clock = { now: () => new Date(Date.now() - behind) }
    await invoke(payloadOf(taskId, 0, 0, { turn: [] }), async () => {
      behind = 60 * MINUTE
      return 1
    })
    stores.ports.clock = clock
    expect((await showTask(stores.ports)({ id: taskId }, CALLER)).steps[0]).toMatchObject({
      durationMs: 0,
    })
    const told = stores.recorded.events.filter(
      ({ subject, type }) => subject === taskId && type === 'step.succeeded',
    )
    expect(told[0]?.data).toMatchObject({ durationMs: 0 })
  })
})

describe('the fence', () => {
  const fenceOf = (more: object) => StepPayloadSchema.parse(payloadOf('t_1', 0, 0, more)).fence
  const rebinder = (more: object) =>
    RebindPayloadSchema.parse(caught({ ...payloadOf('t_1', 0), ...more }, {})).fence

  it('orders calls by execution, redrives, turn and retry, and by no clock', () => {
    const later = { taskId: `t_${'0'.repeat(26)}-2` }
    const inOrder = [
      fenceOf({ turn: [] }),
      fenceOf({ turn: [], state: { EnteredTime: entryTime(9), RetryCount: 1 } }),
      rebinder({ turn: [], state: { EnteredTime: entryTime(8), RetryCount: 0 } }),
      fenceOf({ turn: [1], state: { EnteredTime: entryTime(7), RetryCount: 0 } }),
      rebinder({ turn: [1] }),
      fenceOf({ turn: [12] }),
      fenceOf({ turn: [], redrives: [1] }),
      // A part of a machine, redriven with it.
      fenceOf({ turn: [], redrives: [1, 1] }),
      fenceOf({ turn: [], ...later }),
    ]
    expect(inOrder.toSorted()).toEqual(inOrder)
    expect(new Set(inOrder).size).toBe(inOrder.length)
  })

  it('orders by time on machines compiled by earlier releases, and by count once the definition passes one', () => {
    const byTime = fenceOf({})
    expect(byTime).toBe(`0001.0000.${String(START).padStart(15, '0')}.0000`)
    expect(byTime < fenceOf({ turn: [] })).toBe(true)
  })
})
