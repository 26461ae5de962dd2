import type { Context } from 'aws-lambda'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import dataAgent from '../../../functions/agents/data/index.ts'
import { agentHandler } from '../../../functions/steps/agent-handler.ts'
import type { DefinedAgent } from '../../../shared/agent/index.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { silentPorts } from '../../support/agents/silent-host.ts'
import { type Work, workingAgent } from '../../support/agents/working-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
let work: ReturnType<typeof vi.fn<Work>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())
beforeEach(() => {
  work = vi.fn<Work>(async (input) => ({ got: input }))
})

const agent = (): DefinedAgent =>
  workingAgent((input, context) => work(input, context), {
    input: z.looseObject({ bad: z.undefined().optional() }),
    output: z.object({ got: z.unknown() }),
  })

let invocations = 0
const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()

/** Invokes the host as Step Functions does; `second` is the time at which the state was entered. */
function invoke(taskId: string, path: string, second = 1, remainingMilliseconds = 60_000, asked = agent()) {
  const context = {
    awsRequestId: `request-${++invocations}`,
    getRemainingTimeInMillis: () => remainingMilliseconds,
  } as Context
  const payload = { taskId, path, state: { EnteredTime: time(second), RetryCount: 0 }, redrives: 0 }
  return agentHandler(asked, silentPorts(stores.ports))(payload, context)
}

const seed = (steps: object, input = {}) => seedTask(stores.ports, { steps, agents: [makeAgent()], input })
const stepOf = async (taskId: string, path: string) => (await stores.ports.steps.findSteps(taskId, [path]))[0]

describe('the agent host', () => {
  it('resolves the input from earlier outputs, stores the output and returns a small receipt', async () => {
    const taskId = await seed(
      {
        a: { capability: 'work.do' },
        b: { capability: 'work.do', input: { x: '{% $steps.a.got.q %}', id: '{% $task.id %}' } },
      },
      { q: 'hello' },
    )
    expect(await invoke(taskId, 'a')).toEqual({ path: 'a', status: 'succeeded', agentId: 'worker' })
    await invoke(taskId, 'b')
    expect(work).toHaveBeenLastCalledWith(
      { x: 'hello', id: taskId },
      expect.objectContaining({ attempt: 1, step: { path: 'b', run: '0001.0000' } }),
    )
    const record = await stepOf(taskId, 'b')
    expect(record?.output && (await stores.ports.values.loadValue(record.output))).toEqual({
      got: { x: 'hello', id: taskId },
    })
  })

  it('keeps a table with a column named like a forbidden member', async () => {
    const capability = 'data.transform'
    const source = '__proto__,constructor\n1,2\n'
    const taskId = await seedTask(stores.ports, {
      steps: { a: { capability, input: { source } } },
      agents: [makeAgent({ id: dataAgent.manifest.id, capability })],
    })
    expect(await invoke(taskId, 'a', 1, 60_000, dataAgent)).toMatchObject({ status: 'succeeded' })
    const record = await stepOf(taskId, 'a')
    expect(record?.output && (await stores.ports.values.loadValue(record.output))).toMatchObject({
      rows: [{ column_1: 1, constructor: 2 }],
      notes: ['column "column_1" is named so for its header "__proto__"'],
    })
  })

  it('replays the receipt of a finished step without calling the agent again (host/H1)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    await invoke(taskId, 'a')
    expect(await invoke(taskId, 'a', 2)).toEqual({
      path: 'a',
      status: 'succeeded',
      agentId: 'worker',
      replayed: true,
    })
    expect(work).toHaveBeenCalledTimes(1)
  })

  it('signals the gates that wait for it when it has ended, and again when it replays (gates/G1, gates/G3, host/H4)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' }, b: { capability: 'work.do' } })
    const plan = await stores.ports.plans.getPlan(taskId)
    plan.gates = [{ before: 'b', after: ['a'] }]
    await stores.waitAt(taskId, 'b', 'token', 1)
    work.mockImplementationOnce(async () => {
      expect(stores.recorded.woken).toEqual([])
      return { got: 1 }
    })
    await invoke(taskId, 'a')
    expect(stores.recorded.woken).toEqual(['token'])
    await invoke(taskId, 'a', 2)
    expect(stores.recorded.woken).toEqual(['token', 'token'])
  })

  it('keeps the recorded end when a signal cannot be sent: the error leaves the host, and no failed attempt is published (host/H4)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' }, b: { capability: 'work.do' } })
    const plan = await stores.ports.plans.getPlan(taskId)
    plan.gates = [{ before: 'b', after: ['a'] }]
    await stores.waitAt(taskId, 'b', 'token', 1)
    const { wake } = stores.ports.executions
    stores.ports.executions.wake = async () => {
      throw new Error('refused')
    }
    const told = stores.recorded.events.length
    await expect(invoke(taskId, 'a')).rejects.toThrow('refused')
    stores.ports.executions.wake = wake
    expect(await stepOf(taskId, 'a')).toMatchObject({ status: 'succeeded', attempts: [] })
    expect(stores.recorded.events.slice(told).map(({ type }) => type)).toEqual([
      'step.started',
      'step.succeeded',
    ])
  })

  it('refuses the late output of a superseded invocation (host/H2)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    const release = Promise.withResolvers<void>()
    work.mockImplementationOnce(async () => {
      await release.promise
      return { got: 'zombie' }
    })
    const zombie = invoke(taskId, 'a', 1)
    await vi.waitFor(async () => expect(work).toHaveBeenCalled())
    await invoke(taskId, 'a', 2)
    release.resolve()
    await expect(zombie).rejects.toMatchObject({ name: 'StepSupersededError' })
    const record = await stepOf(taskId, 'a')
    expect(record?.output).toEqual({ inline: '{"got":{}}' })
  })

  it('refuses an invocation that comes after its successor (host/H2)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    const hold = Promise.withResolvers<void>()
    work.mockImplementationOnce(async () => {
      await hold.promise
      return { got: 1 }
    })
    const newer = invoke(taskId, 'a', 5)
    await vi.waitFor(async () => expect(work).toHaveBeenCalled())
    await expect(invoke(taskId, 'a', 4)).rejects.toMatchObject({ name: 'StepSupersededError' })
    hold.resolve()
    expect(await newer).toMatchObject({ status: 'succeeded' })
  })

  it.each<[string, Work, string, RegExp]>([
    [
      'throws',
      async () => {
        throw new TypeError('boom')
      },
      'AgentFailedError',
      /TypeError: boom/,
    ],
    [
      'answers what its schema refuses',
      async () => 'nonsense',
      'AgentOutputError',
      /worker answered what work\.do does not allow/,
    ],
    [
      'throws something that is no error',
      async () => {
        throw 'text'
      },
      'AgentFailedError',
      /text/,
    ],
  ])(
    'notes the attempt of an agent that %s, and lets the error leave under its name (host/H3)',
    async (_what, behave, name, message) => {
      const taskId = await seed({ a: { capability: 'work.do' } })
      work.mockImplementationOnce(behave)
      await expect(invoke(taskId, 'a')).rejects.toMatchObject({
        name,
        message: expect.stringMatching(message),
      })
      expect(await stepOf(taskId, 'a')).toMatchObject({
        status: 'running',
        attempts: [{ agentId: 'worker', error: { name } }],
      })
    },
  )

  it('aborts the signal at the deadline and does not wait for an agent that ignores it', async () => {
    const taskId = await seed({ a: { capability: 'work.do', timeoutSeconds: 0.05 } })
    let seen: AbortSignal | undefined
    work.mockImplementationOnce((_input, { signal }) => {
      seen = signal
      return new Promise(() => {})
    })
    await expect(invoke(taskId, 'a')).rejects.toMatchObject({ name: 'StepTimedOutError' })
    expect(seen?.aborted).toBe(true)
  })

  it('aborts the signal when the task is cancelled', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    work.mockImplementationOnce(
      (_input, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    )
    const running = invoke(taskId, 'a')
    const refused = expect(running).rejects.toMatchObject({ name: 'TaskCancelledError' })
    await vi.waitFor(async () => expect(work).toHaveBeenCalled())
    await cancelTask(stores.ports)({ id: taskId, reason: 'enough' }, CALLER)
    await refused
  })

  it('does not begin if the task was cancelled before the delayed call arrived', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    await cancelTask(stores.ports)({ id: taskId, reason: 'enough' }, CALLER)
    await expect(invoke(taskId, 'a')).rejects.toMatchObject({ name: 'TaskCancelledError' })
    expect(work).not.toHaveBeenCalled()
  })

  it('skips a step if its condition is not true, or its needs did not succeed (resolve/R1, resolve/R2)', async () => {
    const taskId = await seed(
      {
        a: { capability: 'work.do', when: '{% $input.go %}' },
        b: { capability: 'work.do', input: { x: '{% $steps.a.got %}' } },
        c: { capability: 'work.do', needs: ['a'], join: 'settled', input: { status: '{% $status.a %}' } },
        d: { capability: 'work.do', needs: ['a', 'c'], join: 'any', input: {} },
        e: { capability: 'work.do', needs: ['a', 'b'], join: 'any', input: {} },
      },
      { go: false },
    )
    const statuses: unknown[] = []
    for (const path of ['a', 'b', 'c', 'd', 'e'])
      statuses.push(((await invoke(taskId, path)) as { status: string }).status)
    expect(statuses).toEqual(['skipped', 'skipped', 'succeeded', 'succeeded', 'skipped'])
    expect(work.mock.calls.map(([input]) => input)).toEqual([{ status: 'skipped' }, {}])
    expect(await stepOf(taskId, 'b')).toMatchObject({ skipReason: '"a" skipped' })
  })

  it('names the expression that a step could not evaluate', async () => {
    const taskId = await seed(
      { a: { capability: 'work.do', input: { x: '{% $input.q + 1 %}' } } },
      { q: 'text' },
    )
    await expect(invoke(taskId, 'a')).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('$input.q + 1'),
    })
    expect(work).not.toHaveBeenCalled()
  })

  it('keeps large outputs out of the table', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    work.mockImplementationOnce(async () => ({ got: 'x'.repeat(100_000) }))
    await invoke(taskId, 'a')
    expect(await stepOf(taskId, 'a')).toMatchObject({
      output: { blob: expect.stringContaining(`tasks/${taskId}/`), bytes: 100_010 },
    })
  })

  describe('with a cache', () => {
    const step = { capability: 'work.do', input: '{% $input %}', cache: { ttlSeconds: 60 } }
    const outcomeOf = async (taskId: string, path = 'a') => {
      const record = await stepOf(taskId, path)
      const output = record?.output && (await stores.ports.values.loadValue(record.output))
      return { status: record?.status, output, reused: record?.reused }
    }
    const run = async (input: object, more: object = {}) => {
      const taskId = await seed({ a: { ...step, ...more } }, input)
      await invoke(taskId, 'a')
      return taskId
    }

    it('reuses the output of an equal step, with members in any order, and names its origin (cache/M1)', async () => {
      const first = await run({ q: 1, r: { x: 1, y: 2 } })
      const second = await run({ r: { y: 2, x: 1 }, q: 1 })
      expect(work).toHaveBeenCalledTimes(1)
      const output = { got: { q: 1, r: { x: 1, y: 2 } } }
      expect(await outcomeOf(first)).toEqual({ status: 'succeeded', output, reused: undefined })
      expect(await outcomeOf(second)).toEqual({
        status: 'succeeded',
        output,
        reused: { taskId: first, path: 'a' },
      })
    })

    it('runs the agent for another input, without a cache, and after the ttl (cache/M1)', async () => {
      await run({ q: 2 })
      await run({ q: 3 })
      await run({ q: 2 }, { cache: undefined })
      expect(work).toHaveBeenCalledTimes(3)
      const { clock } = stores.ports
      stores.ports.clock = { now: () => new Date(Date.now() + 61_000) }
      await run({ q: 2 })
      stores.ports.clock = clock
      expect(work).toHaveBeenCalledTimes(4)
    })

    it('reuses only outputs within the reusing step’s ttl, and compares files by content (cache/M1)', async () => {
      await run({ q: 6 }, { cache: { ttlSeconds: 86_400 } })
      const { clock } = stores.ports
      stores.ports.clock = { now: () => new Date(Date.now() + 61_000) }
      await run({ q: 6 })
      stores.ports.clock = clock
      expect(work).toHaveBeenCalledTimes(2)

      const input = { source: { $file: 'files/docs/a.md' } }
      stores.recorded.files.set('files/docs/a.md', '1')
      await run(input)
      await run(input)
      expect(work).toHaveBeenCalledTimes(3)
      stores.recorded.files.set('files/docs/a.md', '2')
      await run(input)
      expect(work).toHaveBeenCalledTimes(4)
    })

    it('runs the agent if the cache is unreachable, or its output is missing (cache/M2)', async () => {
      const large = 'x'.repeat(20_000)
      await run({ large })
      for (const key of stores.recorded.blobs.keys())
        if (key.startsWith('tasks/')) stores.recorded.blobs.delete(key)
      const { findOutput, keepOutput } = stores.ports.outputs
      const refuse = () => Promise.reject(new Error('refused'))
      Object.assign(stores.ports.outputs, { findOutput: refuse, keepOutput: refuse })
      const taskId = await run({ q: 4 })
      Object.assign(stores.ports.outputs, { findOutput, keepOutput })
      expect(await outcomeOf(taskId)).toMatchObject({ status: 'succeeded', reused: undefined })
      await run({ large })
      expect(work).toHaveBeenCalledTimes(3)
    })

    it('stores a reused output with its own task (cache/M3)', async () => {
      const large = 'y'.repeat(20_000)
      await run({ large })
      const taskId = await run({ large })
      expect(work).toHaveBeenCalledTimes(1)
      expect((await stepOf(taskId, 'a'))?.output).toMatchObject({ blob: expect.stringContaining(taskId) })
    })

    it('makes an output anew that has a file of its task (cache/M4)', async () => {
      work.mockImplementation(async (_input, { files }) => ({ got: await files.write('a.txt', 'x') }))
      const [first, second] = [await run({ file: 6 }), await run({ file: 6 })]
      expect(work).toHaveBeenCalledTimes(2)
      for (const taskId of [first, second])
        expect((await outcomeOf(taskId)).output).toMatchObject({
          got: { $file: expect.stringContaining(`task-files/default/${taskId}/`) },
        })
    })

    it('keeps no failure', async () => {
      work.mockRejectedValueOnce(new Error('broken'))
      const taskId = await seed({ a: step }, { q: 5 })
      await expect(invoke(taskId, 'a')).rejects.toThrow('broken')
      await run({ q: 5 })
      expect(work).toHaveBeenCalledTimes(2)
    })
  })
})
