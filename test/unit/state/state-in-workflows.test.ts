import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineAgent, type Json } from '../../../shared/agent/index.ts'
import { readState } from '../../../shared/app/state/read-state.ts'
import { setState } from '../../../shared/app/state/write-state.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import { testWorkflow } from '../../../testing/index.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { workingAgent } from '../../support/agents/working-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

const echo = { 'text.echo': (input: Json) => input }

describe('$state in expressions', () => {
  it('is the newest value when a step begins, or the initial one; in inputs, conditions, loops and the output', async () => {
    const run = await testWorkflow(
      {
        name: 'counted',
        state: { total: { conflict: 'counter', initial: 10 }, notes: { conflict: 'union' } },
        steps: {
          first: {
            capability: 'text.echo',
            input: { n: '{% $state.total %}', notes: '{% $state.notes %}' },
            state: { update: { total: '{% $current + $output.n %}' }, set: { notes: ['{% $output.n %}'] } },
          },
          skipped: { capability: 'text.echo', needs: ['first'], when: '{% $state.total < 20 %}' },
          loop: {
            needs: ['first'],
            repeat: {
              maxIterations: 9,
              until: '{% $state.total >= 23 %}',
              steps: {
                add: {
                  capability: 'text.echo',
                  input: { n: 1 },
                  state: { update: { total: '{% $current + 1 %}' } },
                },
              },
            },
          },
        },
        output: { total: '{% $state.total %}', all: '{% $state %}' },
      },
      { agents: echo, input: {} },
    )
    expect(run.calls[0]?.input).toEqual({ n: 10 })
    expect(run.steps.skipped?.status).toBe('skipped')
    expect(run.result).toEqual({ total: 23, all: { total: 23, notes: [10] } })
    expect(run.state).toEqual({ total: 23, notes: [10] })
    const changes = run.events.filter(({ type }) => type === 'state.changed')
    expect(changes.map(({ data: { key, version } }) => `${key} ${version}`).sort()).toEqual([
      'notes 1',
      'total 1',
      'total 2',
      'total 3',
      'total 4',
    ])
  })

  it('has what every item of a fan-out has written when the fan-out has ended (step-state/W3)', async () => {
    const run = await testWorkflow(
      {
        name: 'items',
        state: {
          found: { conflict: 'union', initial: [] },
          sum: { conflict: 'counter', initial: 0 },
          by: { conflict: 'merge', initial: {} },
        },
        steps: {
          each: {
            capability: 'text.echo',
            forEach: '{% [1..30] %}',
            maxConcurrency: 30,
            input: { n: '{% $item %}' },
            state: {
              set: { found: ['{% $item %}'] },
              update: {
                sum: '{% $current + $output.n %}',
                by: '{% $merge([$current, {"k" & $index: $output.n}]) %}',
              },
            },
          },
        },
        output: {
          found: '{% $count($state.found) %}',
          sum: '{% $state.sum %}',
          by: '{% $count($keys($state.by)) %}',
          each: '{% $count($steps.each) %}',
        },
      },
      { agents: echo, input: {} },
    )
    expect(run.result).toEqual({ found: 30, sum: 465, by: 30, each: 30 })
  })

  it('is shared by agents that work side by side', async () => {
    const board = defineAgent({
      id: 'board',
      version: '1.0.0',
      description: 'Adds what it has found',
      capabilities: {
        'board.add': { description: 'adds', input: z.object({ n: z.number() }), output: z.object({}) },
      },
      async execute({ input }, { state }) {
        await state.update<number[]>('findings', (all = []) => [...all, (input as { n: number }).n])
        return {}
      },
    })
    const steps = Object.fromEntries(
      Array.from({ length: 10 }, (_, n) => [`s${n}`, { capability: 'board.add', input: { n } }]),
    )
    const run = await testWorkflow(
      { name: 'board', state: { findings: {} }, steps, output: '{% $sort($state.findings) %}' },
      { agents: [board], input: {} },
    )
    expect(run.result).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
})

describe('what a step writes (`state`)', () => {
  const writing = (more: object, steps: object = {}) => ({
    name: 'writes',
    state: {
      sum: { conflict: 'counter', initial: 0, schema: { type: 'number', maximum: 5 } },
      last: { conflict: 'last-write-wins', schema: { type: 'string' } },
    },
    steps: { a: { capability: 'text.echo', input: { n: 3, text: 'x' }, ...more }, ...steps },
    output: '{% $state %}',
  })
  const run = (more: object, agents: object = echo) =>
    testWorkflow(writing(more), { agents: agents as typeof echo, input: {}, lenient: true })

  it.each([
    ['an expression that fails', { update: { sum: '{% $current + $output.text %}' } }, 'state.update.sum'],
    [
      'an expression that finds nothing',
      { update: { sum: '{% $output.none %}' } },
      'state.update.sum finds nothing',
    ],
    [
      'a value that does not fit',
      { update: { sum: '{% $current + 9 %}' } },
      'state "sum" does not fit its schema',
    ],
    ['no list', { set: { last: '{% $output.n %}' } }, 'state "last" does not fit its schema'],
  ])(
    'fails the attempt by %s, and writes nothing (step-state/W1, step-state/W4)',
    async (_what, state, message) => {
      const { steps, ...ended } = await run({ state, onFailure: 'continue' })
      expect(steps.a?.status).toBe('failed')
      expect(steps.a?.error?.message).toContain(message)
      expect(ended.state).toEqual({ sum: 0 })
    },
  )

  it('is nothing for a step that fails, is skipped, or is replaced by a default (step-state/W1)', async () => {
    const state = { update: { sum: '{% $current + 1 %}' } }
    const fails = { 'text.echo': { fails: 'AgentFinalError' } }
    expect((await run({ state, onFailure: 'continue' }, fails)).state).toEqual({ sum: 0 })
    expect((await run({ state, onFailure: { output: { n: 1 } } }, fails)).state).toEqual({ sum: 0 })
    expect((await run({ state, when: '{% false %}' })).state).toEqual({ sum: 0 })
  })

  it('is made once, also where a worker dies between the end and the writes (step-state/W2)', async () => {
    const world = hostInMemory()
    const taskId = await seedTask(world.ports, {
      state: { a: { conflict: 'counter', initial: 0 }, b: { conflict: 'counter', initial: 0 } },
      steps: {
        s: {
          capability: 'work.do',
          input: {},
          state: { update: { a: '{% $current + 1 %}', b: '{% $current + 1 %}' } },
        },
      },
      agents: [makeAgent()],
    })
    let calls = 0
    const agent = workingAgent(async () => ++calls)
    let left = 0
    const { sharedState } = world.hosts
    const mortal = {
      ...world.hosts,
      sharedState: {
        ...sharedState,
        commitVersion: async (...args: Parameters<typeof sharedState.commitVersion>) => {
          if (left === 0) throw Object.assign(new Error('killed'), { retryable: true })
          left -= 1
          return sharedState.commitVersion(...args)
        },
      },
    }
    const invoke = (hosts: typeof mortal) =>
      runStep(hosts)(
        agent,
        { taskId, path: 's', state: { EnteredTime: '2026-01-01T00:00:00.000Z', RetryCount: 0 } },
        { id: 'r', remainingMs: () => 60_000 },
      )
    await expect(invoke(mortal)).rejects.toThrow('killed')
    left = 1
    await expect(invoke(mortal)).rejects.toThrow('killed')
    expect(await invoke(world.hosts)).toMatchObject({ status: 'succeeded', replayed: true })
    expect(await invoke(world.hosts)).toMatchObject({ status: 'succeeded', replayed: true })
    const { values, versions } = await readState(world.ports, await world.ports.plans.getPlan(taskId))
    expect({ calls, values, versions }).toEqual({
      calls: 1,
      values: { a: 1, b: 1 },
      versions: { a: 1, b: 1 },
    })
  })

  it('tells what another write has made unfit after the end was recorded (step-state/W4)', async () => {
    const world = hostInMemory()
    const taskId = await seedTask(world.ports, {
      state: { sum: { conflict: 'counter', initial: 0, schema: { type: 'number', maximum: 5 } } },
      steps: { s: { capability: 'work.do', input: {}, state: { update: { sum: '{% $current + 1 %}' } } } },
      agents: [makeAgent()],
    })
    const plan = await world.ports.plans.getPlan(taskId)
    const { steps } = world.hosts
    const hosts = {
      ...world.hosts,
      steps: {
        ...steps,
        endStep: async (...args: Parameters<typeof steps.endStep>) => {
          await setState(
            world.ports,
            { ...plan, key: 'sum', by: { subject: 'key/1' } },
            { value: 5, from: 0 },
          )
          return steps.endStep(...args)
        },
      },
    }
    const ended = await runStep(hosts)(
      workingAgent(async () => 1),
      { taskId, path: 's', state: { EnteredTime: '2026-01-01T00:00:00.000Z', RetryCount: 0 } },
      { id: 'r', remainingMs: () => 60_000 },
    )
    expect(ended.status).toBe('succeeded')
    expect(world.events.filter(({ type }) => type === 'state.refused').map(({ data }) => data)).toEqual([
      expect.objectContaining({
        taskId,
        key: 'sum',
        error: expect.objectContaining({ name: 'InvalidInputError' }),
      }),
    ])
    expect(world.log.map(([message]) => message)).toContain('state not written')
    expect((await readState(world.ports, plan)).values).toEqual({ sum: 5 })
  })
})
