import { describe, expect, it } from 'vitest'
import type { AgentContext, Callback, Json } from '../../../shared/agent/index.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { retryTask } from '../../../shared/app/tasks/retry-task.ts'
import { suspendedWorld, type Turn } from '../../support/agents/suspended-world.ts'
import { CALLER } from '../../support/stores/callers.ts'

const HOUR = 3_600
const build = { capability: 'job.run', timeoutSeconds: 60 }

/** An agent that starts an outside job once, and waits for its answer. */
function outside({
  timeoutSeconds = 2 * HOUR,
  heartbeatSeconds,
}: {
  timeoutSeconds?: number
  heartbeatSeconds?: number
} = {}) {
  const started: Callback[] = []
  const turn: Turn = async (context) => {
    if (context.resumed) return { ...context.resumed.by } as Json
    const callback = await context.callback()
    started.push(callback)
    const until = { callback, timeoutSeconds, ...(heartbeatSeconds ? { heartbeatSeconds } : {}) }
    return context.suspend({ until, state: 'begun' })
  }
  return { started, turn, job: () => started[0] as Callback }
}

describe('a step whose agent suspends', () => {
  it('is called again with its state when its time has come, and nothing runs meanwhile (suspending/V1, suspend/S3)', async () => {
    const world = await suspendedWorld({
      turns: {
        worker: async (context) =>
          context.resumed ?? context.suspend({ until: { seconds: HOUR }, state: { page: 1 } }),
      },
    })
    const taskId = await world.submit({ build })
    expect(await world.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await world.outputOf(taskId, 'build')).toEqual({
      n: 1,
      state: { page: 1 },
      by: { kind: 'time' },
      version: '1.0.0',
    })
    expect(world.calls).toEqual([
      { path: 'build', at: 0 },
      { path: 'build', at: HOUR },
    ])
    expect(world.events.map(({ type }) => type)).toEqual([
      ...['task.submitted', 'step.started', 'step.suspended', 'step.resumed', 'step.succeeded'],
      'task.succeeded',
    ])
    const record = await world.recordOf(taskId, 'build')
    expect(record?.attempts).toEqual([])
    expect(record?.suspended).toMatchObject({ n: 1, waitedMs: HOUR * 1_000, by: { kind: 'time' } })
  })

  it('is resumed by the answer of an outside job, for which its task waits', async () => {
    const { turn, job } = outside()
    const world = await suspendedWorld({ turns: { worker: turn } })
    const taskId = await world.submit({ build })
    const later = world.later(HOUR, async () => {
      expect(await world.taskOf(taskId)).toMatchObject({ status: 'waiting' })
      expect(job().token).toMatch(/^ocb_[0-9a-z]{26}-1-[0-9a-f]{26}-[\w-]{43}$/)
      expect(job().url).toBe(`https://orchestrator.test/api/v1/callbacks/${job().token}`)
      await world.answer(job(), { artifact: 'a.zip' })
    })
    await world.ended(taskId)
    await later
    expect(await world.outputOf(taskId, 'build')).toEqual({
      kind: 'callback',
      output: { artifact: 'a.zip' },
    })
    expect(world.calls.map(({ at }) => at)).toEqual([0, HOUR])
  })

  it('is told that its job has failed, that its time is over, or that its job has been silent', async () => {
    const failing = outside()
    const late = outside({ timeoutSeconds: HOUR })
    const silent = outside({ heartbeatSeconds: 60 })
    const world = await suspendedWorld({
      turns: {
        worker: (context, input, own) =>
          ({ failing, late, silent })[String(input) as 'late'].turn(context, input, own),
      },
    })
    const steps = Object.fromEntries(['failing', 'late', 'silent'].map((id) => [id, { ...build, input: id }]))
    const taskId = await world.submit(steps)
    const acts = [
      world.later(30, () => world.fail(failing.job(), 'no space left')),
      ...[50, 100, 150].map((at) => world.later(at, () => world.beat(silent.job()))),
    ]
    await world.ended(taskId)
    await Promise.all(acts)
    expect(await world.outputOf(taskId, 'failing')).toEqual({
      kind: 'callback',
      error: { name: 'JobError', message: 'no space left' },
    })
    expect(await world.outputOf(taskId, 'late')).toEqual({ kind: 'timeout' })
    expect(await world.outputOf(taskId, 'silent')).toEqual({ kind: 'timeout' })
    const again = world.calls.filter(({ at }) => at > 0)
    expect(again).toEqual([
      { path: 'failing', at: 30 },
      { path: 'silent', at: 150 + 60 },
      { path: 'late', at: HOUR },
    ])
  })

  it('is numbered from 1, and keeps what it has waited and worked over its turns (suspend/S4, suspend/S2)', async () => {
    const world = await suspendedWorld({
      turns: {
        worker: async (context) => {
          context.spend({ costUsd: 0.25, tokens: 10 })
          const { n = 0, state = [] } = context.resumed ?? {}
          const seen = [...(state as number[]), n]
          return n === 3 ? seen : context.suspend({ until: { seconds: 10 }, state: seen })
        },
      },
    })
    const taskId = await world.submit({ build }, { budget: { usd: 2 } })
    expect(await world.ended(taskId)).toMatchObject({
      status: 'succeeded',
      cost: { usd: 1, tokens: 40 },
    })
    expect(await world.outputOf(taskId, 'build')).toEqual([0, 1, 2, 3])
    const { suspended } = (await world.recordOf(taskId, 'build')) ?? {}
    expect(suspended).toMatchObject({ n: 3, waitedMs: 30_000 })
  })

  it('holds neither a slot nor a reservation while it waits (suspend/S2)', async () => {
    const world = await suspendedWorld({
      limits: { maxConcurrency: 1 },
      turns: {
        worker: async (context) => context.resumed?.by ?? context.suspend({ until: { seconds: HOUR } }),
      },
    })
    const steps = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`s${at}`, build]))
    const taskId = await world.submit(steps, { budget: { usd: 1 } })
    const look = world.later(60, async () => {
      const budget = await world.ports.budgets.find(taskId)
      expect(budget?.reserved.size).toBe(0)
      expect(new Set(world.calls.map(({ path }) => path)).size).toBe(5)
    })
    expect(await world.ended(taskId)).toMatchObject({ status: 'succeeded' })
    await look
    expect(world.seconds()).toBeLessThan(2 * HOUR)
  })

  it('remembers effects over its turns, and a failed turn is tried again with the same answer (callback/C4)', async () => {
    const effects: string[] = []
    const tokens: string[] = []
    let failures = 0
    const world = await suspendedWorld({
      turns: {
        worker: async (context) => {
          await context.once('start', async () => {
            effects.push('start')
            return 1
          })
          const { token } = await context.callback()
          tokens.push(token)
          if (!context.resumed) {
            if (failures++ === 0) throw new Error('before it waits')
            return context.suspend({
              until: { callback: { token, url: '' }, timeoutSeconds: 60 },
            })
          }
          if (failures++ < 3) throw new Error('after it has waited')
          return context.resumed.by
        },
      },
    })
    const taskId = await world.submit({ build: { ...build, retry: { maxAttempts: 5 } } })
    const act = world.later(30, () => world.answer({ token: tokens[0] as string }, 'done'))
    expect(await world.ended(taskId)).toMatchObject({ status: 'succeeded' })
    await act
    expect(await world.outputOf(taskId, 'build')).toEqual({ kind: 'callback', output: 'done' })
    expect(effects).toEqual(['start'])
    expect(tokens[0]).toBe(tokens[1])
    // Those of the turn after it are for the next suspension.
    expect(tokens[2]).not.toBe(tokens[1])
    expect(new Set(tokens.slice(2)).size).toBe(1)
  })

  it('goes on with the callback that came before it waits (suspending/V2, suspend-state/W1)', async () => {
    const world = await suspendedWorld({
      turns: {
        worker: async (context, _input, own) => {
          if (context.resumed) return context.resumed.by
          const callback = await context.callback()
          await own.answer(callback, 'early')
          return context.suspend({ until: { callback, timeoutSeconds: HOUR } })
        },
      },
    })
    const taskId = await world.submit({ build })
    await world.ended(taskId)
    expect(await world.outputOf(taskId, 'build')).toEqual({ kind: 'callback', output: 'early' })
    expect(world.seconds()).toBeLessThan(1)
  })

  it('tells a late callback what has happened, and a repeated one the same (callback/C2, callback/C3)', async () => {
    const { turn, job } = outside({ timeoutSeconds: HOUR })
    const world = await suspendedWorld({ turns: { worker: turn } })
    const taskId = await world.submit({ build })
    const act = world.later(10, async () => {
      const accepted = { taskId, stepId: 'build', accepted: true }
      expect(await world.answer(job(), 1)).toEqual(accepted)
      expect(await world.answer(job(), 1)).toEqual(accepted)
      await expect(world.answer(job(), 2)).rejects.toMatchObject({
        name: 'ConflictError',
        message: expect.stringContaining('another answer came first'),
      })
      await expect(world.beat(job())).rejects.toMatchObject({ name: 'ConflictError' })
    })
    await world.ended(taskId)
    await act
    expect(await world.answer(job(), 1)).toMatchObject({ accepted: true })
    await expect(world.answer(job(), 2)).rejects.toThrow(/another answer came first/)
    const other = job().token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    await expect(world.answer({ token: other }, 1)).rejects.toMatchObject({ name: 'NotFoundError' })
    await expect(world.answer({ token: 'x' }, 1)).rejects.toMatchObject({ name: 'NotFoundError' })
  })

  it('bounds what a callback brings, and the state', async () => {
    const { turn, job } = outside()
    const world = await suspendedWorld({
      turns: {
        worker: turn,
        large: async (context) => context.suspend({ until: { seconds: 1 }, state: 'x'.repeat(4_194_304) }),
      },
    })
    const taskId = await world.submit({ build: { ...build, agent: 'worker' } })
    const act = world.later(10, async () => {
      await expect(world.answer(job(), 'x'.repeat(300_000))).rejects.toMatchObject({
        name: 'InvalidInputError',
        message: expect.stringContaining('the most is 262144'),
      })
      await world.answer(job(), 'x'.repeat(100_000))
    })
    await world.ended(taskId)
    await act
    expect(await world.outputOf(taskId, 'build')).toMatchObject({
      output: expect.stringMatching(/^x{100000}$/),
    })
    const failed = await world.submit({ build: { ...build, agent: 'large', retry: { maxAttempts: 1 } } })
    expect(await world.ended(failed)).toMatchObject({
      status: 'failed',
      error: { name: 'AgentOutputError', message: expect.stringContaining('the most is 4194304') },
    })
  })

  it('is reached by cancelling its task at once, and its callback is told so (suspending/V3)', async () => {
    const { turn, job } = outside()
    const world = await suspendedWorld({ turns: { worker: turn } })
    const taskId = await world.submit({ build })
    const act = world.later(HOUR, async () => {
      await cancelTask(world.ports)({ id: taskId, reason: 'enough' }, CALLER)
      await expect(world.answer(job(), 1)).rejects.toThrow(`task ${taskId} is cancelled`)
    })
    expect(await world.ended(taskId)).toMatchObject({ status: 'cancelled' })
    await act
    expect(world.seconds()).toBe(HOUR)
    expect(world.calls).toHaveLength(1)
  })

  it('ends with the deadline of its task', async () => {
    const { turn } = outside()
    const world = await suspendedWorld({ turns: { worker: turn } })
    const deadline = new Date(Date.UTC(2026, 0, 1, 0, 30)).toISOString()
    const taskId = await world.submit({ build }, { deadline })
    expect(await world.ended(taskId)).toMatchObject({ status: 'timed_out' })
    expect(world.seconds()).toBe(1_800)
  })

  it('begins anew when its task is retried: callbacks of the execution before have no effect', async () => {
    const { turn, started, job } = outside()
    const world = await suspendedWorld({ turns: { worker: turn } })
    const taskId = await world.submit({ build })
    const act = world.later(60, async () => {
      await cancelTask(world.ports)({ id: taskId, reason: 'enough' }, CALLER)
      await retryTask({ ...world.ports })({ id: taskId }, CALLER)
      await world.settled()
      await expect(world.answer(job(), 1)).rejects.toThrow(`task ${taskId} was retried since`)
      await world.answer(started[1] as Callback, 2)
    })
    await act
    expect(await world.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await world.outputOf(taskId, 'build')).toEqual({ kind: 'callback', output: 2 })
  })

  it('waits in items of a fan-out and in rounds of a loop, each with its own number and callback', async () => {
    const world = await suspendedWorld({
      turns: {
        worker: async (context, input) =>
          context.resumed
            ? [context.resumed.state, context.resumed.n]
            : context.suspend({ until: { seconds: 60 }, state: input }),
      },
    })
    const taskId = await world.submit({
      each: { ...build, forEach: '{% [1, 2, 3] %}', input: '{% $item %}' },
      rounds: {
        repeat: { steps: { draft: { ...build, input: 7 } }, until: '{% false %}', maxIterations: 2 },
        onFailure: 'continue',
      },
    })
    expect(await world.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await world.outputOf(taskId, 'each')).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ])
    expect(await world.outputOf(taskId, 'rounds[2].draft')).toEqual([7, 1])
    expect(world.seconds()).toBeLessThan(125)
  })

  it('lets another agent begin anew where its own has failed for good after it has waited', async () => {
    const seen: Json[] = []
    const turnOf =
      (id: string): Turn =>
      async (context: AgentContext) => {
        const { resumed, attempt } = context
        seen.push([id, attempt, resumed?.n ?? 0])
        if (!resumed) return context.suspend({ until: { seconds: 10 }, state: id })
        if (id === 'worker') throw new Error('broken')
        return [resumed.n, resumed.state]
      }
    const world = await suspendedWorld({ turns: { worker: turnOf('worker'), second: turnOf('second') } })
    const step = { ...build, agent: 'worker', fallback: ['second'], retry: { maxAttempts: 1 } }
    const taskId = await world.submit({ build: step })
    expect(await world.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(seen).toEqual([
      ['worker', 1, 0],
      ['worker', 1, 1],
      ['second', 2, 0],
      ['second', 2, 2],
    ])
    expect(await world.outputOf(taskId, 'build')).toEqual([2, 'second'])
  })

  it.each<[string, object, RegExp]>([
    ['no kind', { until: {} }, /until is \[\]; it has exactly one of/],
    ['two kinds', { until: { seconds: 1, at: 'x' } }, /exactly one of/],
    [
      'a negative time',
      { until: { seconds: -1 } },
      /until.seconds is -1; it must be a number of seconds from 0 to 31536000/,
    ],
    ['more than a year', { until: { seconds: 1e9 } }, /31536000 \(a year\)/],
    ['no time', { until: { at: 'tomorrow' } }, /until.at is "tomorrow"; a time is ISO 8601/],
    [
      'a made-up callback',
      { until: { callback: 'x', timeoutSeconds: 1 } },
      /const callback = await context.callback\(\)/,
    ],
    ['no timeout', { until: { message: {} } }, /until.timeoutSeconds is nothing/],
    ['a message of any shape', { until: { message: { from: 1 }, timeoutSeconds: 1 } }, /until.message/],
    [
      'a heartbeat of no time',
      { until: { callback: { token: 'x' }, timeoutSeconds: 1, heartbeatSeconds: 1 } },
      /from 5 to/,
    ],
  ])('is refused for %s, with what would be right', async (_, options, message) => {
    const world = await suspendedWorld({
      turns: { worker: async (context) => context.suspend(options as { until: { seconds: number } }) },
    })
    const taskId = await world.submit({ build: { ...build, retry: { maxAttempts: 1 } } })
    const task = await world.ended(taskId)
    expect(task).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(message) } })
  })
})
