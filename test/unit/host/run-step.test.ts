import { beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import { hostInMemory, noting } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { type Work, workingAgent } from '../../support/agents/working-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

let world: ReturnType<typeof hostInMemory>
let work: ReturnType<typeof vi.fn<Work>>
let invocations: number
beforeEach(() => {
  world = hostInMemory()
  work = vi.fn<Work>(async (input) => ({ got: input }))
  invocations = 0
})

const agent = (more: Parameters<typeof workingAgent>[1] = {}) =>
  workingAgent((input, context) => work(input, context), {
    input: z.looseObject({ count: z.number().optional() }),
    output: z.object({ got: z.unknown() }),
    ...more,
  })

const seed = (steps: object, input = {}) => seedTask(world.ports, { steps, agents: [makeAgent()], input })

/** Enters a step `second` seconds after the clock's start: a later entry has a higher fencing token. */
function invoke(
  taskId: string,
  path: string,
  { second = 0, remainingMs = 60_000, asked = agent(), redrives = 0 } = {},
) {
  const EnteredTime = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
  const payload = { taskId, path, state: { EnteredTime, RetryCount: 0 }, redrives }
  const invocation = { id: `request-${++invocations}`, remainingMs: () => remainingMs }
  return runStep(world.hosts)(asked, payload, invocation)
}

/** A first call of step `a` whose worker crashes: its agent never answers. */
async function loseWorker(taskId: string): Promise<void> {
  const began = Promise.withResolvers<void>()
  work.mockImplementationOnce(() => {
    began.resolve()
    return new Promise(() => {})
  })
  void invoke(taskId, 'a', { remainingMs: 3_600_000 }).catch(() => {})
  await began.promise
}

const recordOf = async (taskId: string, path: string) =>
  (await world.ports.steps.findSteps(taskId, [path]))[0]
const eventTypes = () => world.events.map(({ type }) => type).filter((type) => type.startsWith('step.'))

describe('a step that is run', () => {
  it('is not done by an agent that works for other tenants, whoever has registered its function (host/H9)', async () => {
    const taskId = await seed({ a: { capability: 'work.do', input: {} } })
    const refused = invoke(taskId, 'a', { asked: agent({ tenants: ['acme'] }) })
    await expect(refused).rejects.toThrow('agent worker does not work for tenant default')
    expect(work).not.toHaveBeenCalled()
    const other = await seed({ a: { capability: 'work.do', input: {} } })
    expect(await invoke(other, 'a', { asked: agent({ tenants: ['acme', 'default'] }) })).toMatchObject({
      status: 'succeeded',
    })
  })

  it('resolves its input, stores its output, publishes its end, and returns a small receipt', async () => {
    const taskId = await seed(
      { a: { capability: 'work.do', input: { count: '{% $input.n + 1 %}' } } },
      { n: 1 },
    )
    expect(await invoke(taskId, 'a')).toEqual({ path: 'a', status: 'succeeded', agentId: 'worker' })
    expect(work).toHaveBeenCalledExactlyOnceWith(
      { count: 2 },
      expect.objectContaining({ attempt: 1, step: { path: 'a', run: '0001.0000' } }),
    )
    expect(await recordOf(taskId, 'a')).toMatchObject({
      status: 'succeeded',
      output: { inline: '{"got":{"count":2}}' },
    })
    expect(eventTypes()).toEqual(['step.started', 'step.succeeded'])
    expect(world.measured.map(([name]) => name)).toEqual(['Attempts', 'StepDuration'])
    expect(world.log.at(-1)).toEqual([
      'step ended',
      expect.objectContaining({ taskId, stepId: 'a', attempt: 1, status: 'succeeded', agentId: 'worker' }),
    ])
  })

  it('costs these calls of its ports, in this order: its input is in the write that begins it (host/H7)', async () => {
    const taskId = await seed({
      a: { capability: 'work.do' },
      b: { capability: 'work.do', input: { a: '{% $steps.a.got %}' } },
    })
    await invoke(taskId, 'a')
    const calls: string[] = []
    world.hosts = noting(world.hosts, calls)
    await invoke(taskId, 'b')
    expect(calls.filter((name) => !['now', 'quotasOf'].includes(name))).toEqual([
      'getPlan',
      'findSteps',
      'loadValue',
      'storeValue',
      'takeOverStep',
      'storeValue',
      'endStep',
      'info',
      'add',
      'publish',
    ])
  })

  it('is skipped when its condition is not true; its agent is not called', async () => {
    const taskId = await seed({ a: { capability: 'work.do', when: '{% $input.go %}' } }, { go: false })
    expect(await invoke(taskId, 'a')).toMatchObject({ status: 'skipped' })
    expect(work).not.toHaveBeenCalled()
    expect(await recordOf(taskId, 'a')).toMatchObject({ skipReason: 'its condition is not true' })
    expect(world.measured).toEqual([])
  })

  it('replays its receipt once it has ended (host/H1)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    const receipt = await invoke(taskId, 'a')
    const told = world.events.length
    expect(await invoke(taskId, 'a', { second: 1 })).toEqual({ ...receipt, replayed: true })
    expect(work).toHaveBeenCalledTimes(1)
    expect(world.events.length).toBe(told)
  })
})

describe('a run again', () => {
  it('replays what has ended from its own record: neither its needs are read nor is its input stored (host/H8)', async () => {
    const taskId = await seed({
      a: { capability: 'work.do' },
      b: { capability: 'work.do', input: { text: `{% $steps.a.got & $pad("", 5000, "x") %}` } },
    })
    await invoke(taskId, 'a')
    await invoke(taskId, 'b')
    const calls: string[] = []
    world.hosts = noting(world.hosts, calls)
    expect(await invoke(taskId, 'b', { redrives: 1 })).toMatchObject({ status: 'succeeded', replayed: true })
    expect(calls.filter((name) => name !== 'now')).toEqual(['getPlan', 'findSteps', 'takeOverStep'])
    expect(work).toHaveBeenCalledTimes(2)
  })

  it('calls the agent of a step that has failed, with its input', async () => {
    const taskId = await seed({ a: { capability: 'work.do', input: { text: 'x' } } })
    work.mockRejectedValueOnce(new Error('once'))
    await expect(invoke(taskId, 'a')).rejects.toThrow('once')
    expect(await invoke(taskId, 'a', { redrives: 1 })).toMatchObject({ status: 'succeeded' })
    expect(work).toHaveBeenLastCalledWith({ text: 'x' }, expect.anything())
  })
})

describe('a step that is not run', () => {
  it('has an invalid input: the attempt is recorded, and not counted against the agent', async () => {
    const taskId = await seed({ a: { capability: 'work.do', input: { count: 'many' } } })
    const calls: string[] = []
    world.hosts = noting(world.hosts, calls)
    await expect(invoke(taskId, 'a')).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(/^the input does not fit work\.do: .*count/),
    })
    expect(work).not.toHaveBeenCalled()
    expect(await recordOf(taskId, 'a')).toMatchObject({
      attempts: [{ error: { name: 'InvalidInputError' } }],
    })
    expect(calls).not.toContain('add')
  })

  it('finds its agent at its limit: no attempt counts, and the retry-after time is recorded', async () => {
    const asked = agent({ limits: { ratePerMinute: 1 } })
    const taskId = await seed({ a: { capability: 'work.do' }, b: { capability: 'work.do' } })
    await invoke(taskId, 'a', { asked })
    await expect(invoke(taskId, 'b', { asked })).rejects.toMatchObject({ name: 'AgentBusyError' })
    expect(work).toHaveBeenCalledTimes(1)
    expect(await recordOf(taskId, 'b')).toMatchObject({
      status: 'running',
      attempts: [],
      askAgainAt: '2026-01-01T00:01:00.000Z',
    })
  })

  it('belongs to a task that was cancelled before the delayed call arrived', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    await cancelTask(world.ports)({ id: taskId, reason: 'enough' }, CALLER)
    await world.clock.sleep(2_000)
    await expect(invoke(taskId, 'a')).rejects.toMatchObject({ name: 'TaskCancelledError' })
    expect(work).not.toHaveBeenCalled()
  })

  it('is named by an invalid payload', async () => {
    const invocation = { id: 'request', remainingMs: () => 60_000 }
    await expect(async () => runStep(world.hosts)(agent(), { path: 'a' }, invocation)).rejects.toThrow(
      'taskId',
    )
  })
})

describe('an attempt that fails', () => {
  it('is recorded, published and counted before its error leaves the host (host/H3, host/H5)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    const calls: string[] = []
    world.hosts = noting(world.hosts, calls)
    work.mockImplementationOnce(async (_input, { spend }) => {
      spend({ costUsd: 0.5 })
      throw new TypeError('boom')
    })
    const error = { name: 'AgentFailedError', message: 'TypeError: boom' }
    await expect(invoke(taskId, 'a')).rejects.toMatchObject(error)
    expect(await recordOf(taskId, 'a')).toMatchObject({
      status: 'running',
      attempts: [{ agentId: 'worker', error, costUsd: 0.5 }],
    })
    expect(eventTypes()).toEqual(['step.started', 'step.attempt_failed'])
    expect(world.measured).toEqual([['Cost', { agentId: 'worker' }, 0.5]])
    const writes = ['takeOverStep', 'addAttempt', 'add']
    expect(calls.filter((name) => writes.includes(name))).toEqual(writes)
  })

  it('keeps the name of an OrchestratorError, and the next attempt gets its number', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    work.mockRejectedValueOnce(new OrchestratorError('AgentRetryableError', 'not now'))
    await expect(invoke(taskId, 'a')).rejects.toMatchObject({ name: 'AgentRetryableError' })
    await invoke(taskId, 'a', { second: 1 })
    expect(work).toHaveBeenLastCalledWith({}, expect.objectContaining({ attempt: 2 }))
  })

  it('is recorded for a crashed worker by the next owner of the step (host/H6)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    await loseWorker(taskId)
    await invoke(taskId, 'a', { second: 1 })
    expect(await recordOf(taskId, 'a')).toMatchObject({
      status: 'succeeded',
      attempts: [{ agentId: 'worker', error: { name: 'Lambda.Unknown' } }],
    })
    expect(world.log).toContainEqual([
      'attempt failed',
      {
        ...{ taskId, stepId: 'a', requestId: 'request-2', agentId: 'worker', attempt: 1 },
        errorName: 'Lambda.Unknown',
        errorMessage: expect.stringContaining('ended without a word'),
      },
    ])
  })

  it('is repeated under its number, with a line in the log, when the same call comes again (host/H6)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    await loseWorker(taskId)
    await invoke(taskId, 'a')
    expect(work.mock.calls.map(([, { attempt }]) => attempt)).toEqual([1, 1])
    expect(await recordOf(taskId, 'a')).toMatchObject({ status: 'succeeded', attempts: [] })
    expect(world.log.filter(([message]) => message === 'attempt repeated')).toEqual([
      [
        'attempt repeated',
        {
          ...{ taskId, stepId: 'a', requestId: 'request-2', agentId: 'worker', attempt: 1 },
          beganAt: expect.stringMatching(/^2026-01-01T00:00:00/),
        },
      ],
    ])
  })

  it.each([
    { on: ['timeout'], seconds: 60, name: 'Sandbox.Timedout' },
    { on: ['timeout'], seconds: 50, name: 'Lambda.Unknown' },
    { on: ['timeout'], seconds: 50, timeoutSeconds: 50, name: 'Sandbox.Timedout' },
    { on: ['timeout', 'transient'], seconds: 60, name: 'Lambda.Unknown' },
    { on: ['error'], seconds: 60, name: 'Lambda.Unknown' },
  ])(
    'is noted as $name when the policy retries $on and its worker of 60 s died $seconds s ago (host/H6)',
    async ({ on, seconds, name, timeoutSeconds }) => {
      const taskId = await seed({ a: { capability: 'work.do', retry: { on }, timeoutSeconds } })
      await loseWorker(taskId)
      await world.clock.sleep(1_000 * seconds)
      const again = invoke(taskId, 'a', { second: 61, remainingMs: 60_000 })
      await (name === 'Sandbox.Timedout' || on.length > 1 || on[0] === 'error'
        ? again
        : again.catch(() => {}))
      expect(await recordOf(taskId, 'a')).toMatchObject({ attempts: [{ error: { name } }] })
    },
  )

  it.each([Number.POSITIVE_INFINITY, 1e15])(
    'is refused by an agent that is busy for %d s',
    async (waitSeconds) => {
      const taskId = await seed({ a: { capability: 'work.do' } })
      work.mockRejectedValueOnce(new OrchestratorError('AgentBusyError', 'not now', { waitSeconds }))
      const from = world.clock.now()
      await expect(invoke(taskId, 'a')).rejects.toMatchObject({ name: 'AgentBusyError' })
      const { askAgainAt = '' } = (await recordOf(taskId, 'a')) ?? {}
      expect(Date.parse(askAgainAt) - from).toBe(86_400_000)
    },
  )

  it('ends at its deadline even if its agent ignores the signal', async () => {
    const taskId = await seed({ a: { capability: 'work.do', timeoutSeconds: 30 } })
    let seen: AbortSignal | undefined
    work.mockImplementationOnce((_input, { signal }) => {
      seen = signal
      return new Promise(() => {})
    })
    const from = world.clock.now()
    await expect(invoke(taskId, 'a')).rejects.toMatchObject({
      name: 'StepTimedOutError',
      message: 'step "a" did not finish within 30 s',
    })
    expect(seen?.reason).toMatchObject({ name: 'StepTimedOutError' })
    expect(world.clock.now() - from).toBe(30_000)
  })

  it('ends before the invocation does, with time to record it', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    work.mockReturnValueOnce(new Promise(() => {}))
    await expect(invoke(taskId, 'a', { remainingMs: 5_000 })).rejects.toThrow(
      'within 3.5 s: of the 60 s of its timeoutSeconds, its function had no more left when it began (worker has limits.timeoutSeconds ',
    )
    expect(await recordOf(taskId, 'a')).toMatchObject({
      attempts: [{ error: { name: 'StepTimedOutError' } }],
    })
  })

  it('does not call its agent after the deadline, when a quick agent could still succeed', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    await expect(invoke(taskId, 'a', { remainingMs: 1_000 })).rejects.toThrow('within 0 s')
    expect(work).not.toHaveBeenCalled()
    expect(await recordOf(taskId, 'a')).toMatchObject({
      attempts: [{ error: { name: 'StepTimedOutError' } }],
    })
  })

  it('ends within a second of its task being cancelled', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    work.mockImplementationOnce(async () => {
      await world.clock.sleep(5_500)
      await cancelTask(world.ports)({ id: taskId, reason: 'enough' }, CALLER)
      return new Promise(() => {})
    })
    await expect(invoke(taskId, 'a')).rejects.toMatchObject({ name: 'TaskCancelledError' })
    expect(world.clock.now() - Date.UTC(2026, 0, 1)).toBe(6_000)
  })
})

describe('the input of a step', () => {
  const inputOf = async (taskId: string, path: string) => {
    const stored = (await world.ports.steps.findInputs(taskId, [path])).get(path)
    return stored && world.ports.values.loadValue(stored)
  }

  it.each([
    ['small', 'n'],
    ['of 300 KB', 'n'.repeat(300_000)],
  ])('%s, is kept while its agent works, with the version of the agent (host/H7)', async (_size, text) => {
    const input = { text: '{% $input.text %}', count: 1 }
    const taskId = await seed({ a: { capability: 'work.do', input } }, { text })
    let seen: unknown
    work.mockImplementationOnce(async () => {
      seen = [await inputOf(taskId, 'a'), (await recordOf(taskId, 'a'))?.calledVersion]
      return { got: 1 }
    })
    await invoke(taskId, 'a')
    expect(seen).toEqual([{ text, count: 1 }, '1.0.0'])
  })

  it('is kept of an attempt whose worker has died, which has the version that it had called (host/H7)', async () => {
    const taskId = await seed({ a: { capability: 'work.do', input: { count: 1 } } })
    await loseWorker(taskId)
    expect(await inputOf(taskId, 'a')).toEqual({ count: 1 })
    await invoke(taskId, 'a', { second: 1 })
    expect(await recordOf(taskId, 'a')).toMatchObject({
      attempts: [{ agentVersion: '1.0.0', error: { name: 'Lambda.Unknown' } }],
    })
  })

  it('has the code of the agent beside it, where the host knows it', async () => {
    Object.assign(world.hosts, { code: Promise.resolve('0123456789ab') })
    const taskId = await seed({ a: { capability: 'work.do', input: { count: 1 } } })
    await invoke(taskId, 'a')
    expect(await recordOf(taskId, 'a')).toMatchObject({ agentVersion: '1.0.0', agentCode: '0123456789ab' })
    const failing = await seed({ a: { capability: 'work.do', input: { count: 1 } } })
    work.mockRejectedValueOnce(new TypeError('no'))
    await expect(invoke(failing, 'a')).rejects.toThrow('no')
    expect(await recordOf(failing, 'a')).toMatchObject({
      attempts: [{ agentVersion: '1.0.0', agentCode: '0123456789ab' }],
    })
  })

  it('is the one that the agent has refused', async () => {
    const taskId = await seed({ a: { capability: 'work.do', input: { count: 'many' } } })
    await expect(invoke(taskId, 'a')).rejects.toMatchObject({ name: 'InvalidInputError' })
    expect(await inputOf(taskId, 'a')).toEqual({ count: 'many' })
  })

  it('costs no step when it cannot be kept, and is not that of an earlier attempt then (host/H7)', async () => {
    const taskId = await seed({ a: { capability: 'work.do', input: { count: 1 } } })
    work.mockRejectedValueOnce(new OrchestratorError('AgentRetryableError', 'not now'))
    await expect(invoke(taskId, 'a')).rejects.toThrow('not now')
    const { storeValue } = world.hosts.values
    const refuse = vi.fn<typeof storeValue>().mockRejectedValueOnce(new Error('the bucket is gone'))
    world.hosts.values = { ...world.hosts.values, storeValue: refuse.mockImplementation(storeValue) }
    expect(await invoke(taskId, 'a', { second: 1 })).toMatchObject({ status: 'succeeded' })
    expect(await inputOf(taskId, 'a')).toBeUndefined()
    expect(world.log).toContainEqual([
      'input not kept',
      expect.objectContaining({ taskId, stepId: 'a', reason: 'Error: the bucket is gone' }),
    ])
  })

  it('is none of a step that is skipped, nor of one whose input cannot be evaluated', async () => {
    const taskId = await seed({
      a: { capability: 'work.do', when: '{% false %}' },
      b: { capability: 'work.do', input: '{% $number("x") %}' },
    })
    await invoke(taskId, 'a')
    await expect(invoke(taskId, 'b')).rejects.toMatchObject({ name: 'InvalidInputError' })
    expect(await world.ports.steps.findInputs(taskId, ['a', 'b'])).toEqual(new Map())
    expect(await recordOf(taskId, 'b')).toMatchObject({
      attempts: [{ error: { name: 'InvalidInputError' } }],
    })
  })
})

describe('an invocation that another has replaced', () => {
  it('does not write the output that it still computes (host/H2)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    const began = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    work.mockImplementationOnce(async () => {
      began.resolve()
      await release.promise
      return { got: 'late' }
    })
    const late = invoke(taskId, 'a')
    const refused = expect(late).rejects.toMatchObject({ name: 'StepSupersededError' })
    await began.promise
    await invoke(taskId, 'a', { second: 1 })
    release.resolve()
    await refused
    expect(await recordOf(taskId, 'a')).toMatchObject({ output: { inline: '{"got":{}}' } })
  })

  it('gets StepSupersededError when it starts after its successor (host/H2)', async () => {
    const taskId = await seed({ a: { capability: 'work.do' } })
    work.mockRejectedValueOnce(new Error('boom'))
    await expect(invoke(taskId, 'a', { second: 5 })).rejects.toThrow('boom')
    await expect(invoke(taskId, 'a', { second: 4 })).rejects.toMatchObject({ name: 'StepSupersededError' })
    expect(work).toHaveBeenCalledTimes(1)
  })
})

describe('a gate', () => {
  const gated = { a: { capability: 'work.do' }, b: { capability: 'work.do' } }

  it('whose signal fails does not undo the step’s end: the error leaves after everything else was published (host/H4)', async () => {
    const taskId = await seed(gated)
    const { plans } = world.hosts
    world.hosts.plans = {
      ...plans,
      getPlan: async (...args) => ({
        ...(await plans.getPlan(...args)),
        gates: [{ before: 'b', after: ['a'] }],
      }),
    }
    world.hosts.gates = {
      passGate: async () => {
        throw new OrchestratorError('UnavailableError', 'refused')
      },
    }
    const { add } = world.hosts.statistics
    let counted = false
    world.hosts.statistics.add = async (...args) => {
      await world.clock.sleep(1_000)
      counted = true
      return add(...args)
    }
    await expect(invoke(taskId, 'a')).rejects.toMatchObject({ name: 'UnavailableError' })
    expect(counted).toBe(true)
    expect(await recordOf(taskId, 'a')).toMatchObject({ status: 'succeeded', attempts: [] })
    expect(eventTypes()).toEqual(['step.started', 'step.succeeded'])
  })
})
