import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { removeAltered, replaceAgent } from '../../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

let api: LocalApi
let log: string
beforeAll(async () => {
  api = await startApi({
    assembly: await replaceAgent('echo', join(import.meta.dirname, '../../support/agents/patient-agent.ts')),
  })
}, 60_000)
afterAll(async () => {
  await api.stop()
  removeAltered()
})
beforeEach(() => {
  log = mkdtempSync(join(tmpdir(), 'retry-'))
  writeFileSync(join(log, 'runs'), '')
  return () => rmSync(log, { recursive: true })
})

const once = { maxAttempts: 1 }
const step = (more: object = {}) => ({
  capability: 'echo',
  retry: once,
  input: { log: '{% $input.log %}' },
  ...more,
})
const behind = (id: string, more: object = {}) => step({ needs: [id], ...more })
const breakAt = (path: string) => writeFileSync(join(log, `broken ${path}`), '')
const mend = (path: string) => rmSync(join(log, `broken ${path}`))
const runs = () =>
  readFileSync(join(log, 'runs'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('begin '))
    .map((line) => line.slice(6))
    .sort()

const submit = async (steps: object, more: object = {}, name = 'w') => {
  const answer = await api.call('POST', '/tasks', { workflow: { name, steps }, input: { log }, ...more })
  expect(answer).toMatchObject({ status: 202 })
  return String(answer.body.taskId)
}
const fail = async (steps: object, path: string, more: object = {}) => {
  breakAt(path)
  const taskId = await submit(steps, more)
  expect(await api.ended(taskId)).toMatchObject({ status: 'failed' })
  mend(path)
  return taskId
}
const retry = async (taskId: string, wishes: object = {}) => {
  const answer = await api.call('POST', `/tasks/${taskId}/retry`, wishes)
  expect(answer).toMatchObject({ status: 202, body: { status: 'running' } })
  return api.ended(taskId)
}

describe('a retried task', () => {
  it('runs only failed steps and those after them again, also with the agent that failed (retry/Q1, retry/Q4)', async () => {
    const taskId = await fail(
      { a: step(), b: behind('a'), c: behind('a'), d: behind('b', { needs: ['b', 'c'] }) },
      'b',
    )
    const task = await retry(taskId)
    expect(task).toMatchObject({
      status: 'succeeded',
      execution: { name: `${taskId}-2` },
      retries: [{ was: 'failed' }],
      cost: { usd: expect.closeTo(0.05, 6), tokens: 500 },
      links: { self: expect.any(String) },
    })
    expect(runs()).toEqual(['a', 'b', 'b', 'c', 'd'])
    const { events } = await api.ask('listTaskEvents', { id: taskId })
    expect(events.map(({ type }) => type).filter((type) => type.startsWith('task.'))).toEqual([
      'task.submitted',
      'task.failed',
      'task.retried',
      'task.succeeded',
    ])
  })

  it('runs the failed item of a fan-out again, and not the others', async () => {
    const each = step({
      forEach: '{% [1, 2, 3, 4] %}',
      input: { log: '{% $input.log %}', value: '{% $item %}' },
    })
    const taskId = await fail({ each, sum: behind('each') }, 'each[2]')
    expect(await retry(taskId)).toMatchObject({ status: 'succeeded' })
    expect(runs()).toEqual(['each[0]', 'each[1]', 'each[2]', 'each[2]', 'each[3]', 'sum'])
  })

  it('continues in the round of a loop in which it failed', async () => {
    const improve = {
      repeat: { steps: { draft: step() }, until: '{% $iteration = 3 %}', maxIterations: 5 },
    }
    const taskId = await fail({ improve, done: behind('improve') }, 'improve[2].draft')
    expect(await retry(taskId)).toMatchObject({ status: 'succeeded' })
    expect(runs()).toEqual([
      'done',
      'improve[1].draft',
      'improve[2].draft',
      'improve[2].draft',
      'improve[3].draft',
    ])
  })

  it('retries the task of a child workflow with it', async () => {
    const child = { name: 'inner', steps: { one: step(), two: behind('one') } }
    expect((await api.call('PUT', '/workflows/inner', { workflow: child })).status).toBe(200)
    const taskId = await fail(
      { before: step(), call: { workflow: 'inner', needs: ['before'], input: { log: '{% $input.log %}' } } },
      'two',
    )
    const task = await retry(taskId)
    expect(task).toMatchObject({ status: 'succeeded', cost: { usd: expect.closeTo(0.04, 6) } })
    expect(runs()).toEqual(['before', 'one', 'two', 'two'])
    const { child: childId } = (await api.ask('listTaskSteps', { id: taskId })).steps[1] ?? {}
    const refused = await api.call('POST', `/tasks/${childId}/retry`, {})
    expect(refused).toMatchObject({ status: 409 })
  })

  it('waits at its gates again, and is woken by steps that replay', async () => {
    // Not series-parallel: d waits for a and b, c only for a.
    const taskId = await fail(
      {
        a: step(),
        b: step(),
        c: behind('a'),
        d: step({ needs: ['a', 'b'] }),
        e: step({ needs: ['b', 'c'] }),
      },
      'd',
    )
    expect(await retry(taskId)).toMatchObject({ status: 'succeeded' })
    expect(runs()).toEqual(['a', 'b', 'c', 'd', 'd', 'e'])
  })

  it('keeps a failure after which it continued', async () => {
    breakAt('soft')
    const taskId = await fail(
      { soft: step({ onFailure: 'continue' }), hard: behind('soft', { join: 'settled' }) },
      'hard',
    )
    const task = await retry(taskId)
    expect(task).toMatchObject({ status: 'succeeded', degraded: [{ path: 'soft' }] })
    expect(runs()).toEqual(['hard', 'hard', 'soft'])
  })

  it('accepts another input for a step, and refuses invalid overrides', async () => {
    const taskId = await fail({ a: step(), b: behind('a') }, 'b')
    const refusals: [object, RegExp][] = [
      [{ steps: { a: { input: {} } } }, /step "a" has succeeded, and its output stays/],
      [{ steps: { c: { input: {} } } }, /there is no step "c"/],
      [{ steps: { b: { input: '{% $x %}' } } }, /the input of a retry is a value/],
      [{ budgetUsd: 3 }, /was submitted without this limit/],
      [{ deadline: '2020-01-01T00:00:00Z' }, /has passed/],
      [{ steps: { b: { agent: 'nobody' } } }, /step "b": no agent "nobody"/],
    ]
    for (const [wishes, detail] of refusals) {
      const { status, body } = await api.call('POST', `/tasks/${taskId}/retry`, wishes)
      expect([status, body.detail]).toEqual([expect.any(Number), expect.stringMatching(detail)])
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
    }
    expect(
      await retry(taskId, { steps: { b: { input: { log, value: 'edited' }, agent: 'echo' } } }),
    ).toMatchObject({
      status: 'succeeded',
    })
    expect(await api.resultOf(taskId)).toEqual({ b: { path: 'b', value: 'edited' } })
    const again = await api.call('POST', `/tasks/${taskId}/retry`, {})
    expect(again).toMatchObject({ status: 409, body: { detail: expect.stringContaining('has succeeded') } })
  })

  it('continues with another definition, and keeps successful steps with the same id', async () => {
    const taskId = await fail({ a: step(), b: behind('a') }, 'b')
    breakAt('b')
    const workflow = {
      name: 'w',
      version: 2,
      steps: {
        a: step(),
        c: behind('a', { input: { log: '{% $input.log %}', value: '{% $steps.a.path %}' } }),
      },
    }
    expect(await retry(taskId, { workflow })).toMatchObject({ status: 'succeeded', workflow: { version: 2 } })
    expect(runs()).toEqual(['a', 'b', 'c'])
    expect(await api.resultOf(taskId)).toEqual({ c: { path: 'c', value: 'a' } })
  })

  it('can be retried once at a time, and again when it has failed again (retry/Q2)', async () => {
    const taskId = await fail({ a: step({ input: { log: '{% $input.log %}', milliseconds: 300 } }) }, 'a')
    breakAt('a')
    const answers = await Promise.all([1, 2, 3].map(() => api.call('POST', `/tasks/${taskId}/retry`, {})))
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409])
    expect(await api.ended(taskId)).toMatchObject({ status: 'failed' })
    mend('a')
    expect(await retry(taskId)).toMatchObject({ status: 'succeeded', retries: [{}, {}] })
    expect(runs()).toEqual(['a', 'a', 'a'])
  })

  it('asks a person again when it was cancelled while it waited', async () => {
    const taskId = await submit({
      ok: { approval: { prompt: 'Really?', timeoutSeconds: 60 } },
      then: behind('ok'),
    })
    const waiting = async () => {
      for (;;) {
        const { steps } = await api.ask('getTask', { id: taskId })
        const [first] = steps
        if (first?.status === 'waiting') return
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    await waiting()
    expect((await api.call('POST', `/tasks/${taskId}/cancel`, {})).status).toBe(200)
    expect((await api.call('POST', `/tasks/${taskId}/retry`, {})).status).toBe(202)
    await waiting()
    expect((await api.call('POST', `/tasks/${taskId}/approvals/ok`, { decision: 'approve' })).status).toBe(
      200,
    )
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  })
})

describe('a budget', () => {
  it('ends a task that has used it up, keeps completed steps, and continues with a larger one', async () => {
    const each = step({ forEach: '{% [1..12] %}', maxConcurrency: 2, input: { log: '{% $input.log %}' } })
    const taskId = await submit({ each }, { budgetUsd: 0.07 })
    const task = await api.ended(taskId)
    expect(task).toMatchObject({
      status: 'failed',
      error: {
        name: 'BudgetExceededError',
        message: expect.stringContaining(`retry task ${taskId} with a larger budget`),
      },
      budget: { usd: 0.07 },
    })
    // Another item may still run: it keeps its reservation until it ends.
    const { budget } = ROUTES.getTask.success.output.parse(task)
    expect(Number(budget?.spentUsd) + Number(budget?.reservedUsd)).toBeLessThanOrEqual(0.07)
    const before = runs()
    expect(before.length).toBeGreaterThanOrEqual(4)
    expect(before.length).toBeLessThanOrEqual(7)
    const less = await api.call('POST', `/tasks/${taskId}/retry`, { budgetUsd: 0.01 })
    expect(less.body.detail).toMatch(/cannot be less/)
    const more = await retry(taskId, { budgetUsd: 1 })
    expect(more).toMatchObject({ status: 'succeeded', budget: { usd: 1, reservedUsd: 0 } })
    expect(new Set(runs()).size).toBe(12)
    expect(runs().length).toBeLessThanOrEqual(12 + 2)
  })

  it('is shared with the tasks of child workflows', async () => {
    const inner = { name: 'payer', steps: { one: step(), two: behind('one') } }
    expect((await api.call('PUT', '/workflows/payer', { workflow: inner })).status).toBe(200)
    const call = { workflow: 'payer', input: { log: '{% $input.log %}' } }
    const taskId = await submit({ call, then: behind('call') }, { budgetUsd: 0.035 })
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: { name: 'BudgetExceededError' },
      budget: { spentUsd: expect.closeTo(0.02, 6), reservedUsd: 0 },
    })
    expect(await retry(taskId, { budgetUsd: 0.05 })).toMatchObject({
      status: 'succeeded',
      budget: { spentUsd: expect.closeTo(0.03, 6), reservedUsd: 0 },
    })
  })
})

describe('limits', () => {
  it("never exceeds an agent's concurrency limit, and fails no step for a busy agent", async () => {
    const each = step({ forEach: '{% [1..6] %}', input: { log: '{% $input.log %}', milliseconds: 150 } })
    const taskId = await submit({ each })
    const task = await api.ended(taskId)
    expect(task).toMatchObject({ status: 'succeeded' })
    let [now, most] = [0, 0]
    for (const line of readFileSync(join(log, 'runs'), 'utf8').trim().split('\n')) {
      now += line.startsWith('begin') ? 1 : -1
      most = Math.max(most, now)
    }
    expect(most).toBe(2)
    const { steps } = await api.ask('listTaskSteps', { id: taskId })
    expect(steps.flatMap(({ attempts }) => attempts)).toEqual([])
  }, 30_000)

  it('ends a task at its deadline, and stops its agents', async () => {
    const started = Date.now()
    const taskId = await submit(
      { slow: step({ onFailure: 'continue', input: { log: '{% $input.log %}', milliseconds: 30_000 } }) },
      { deadlineSeconds: 1 },
    )
    expect(await api.ended(taskId)).toMatchObject({
      status: 'timed_out',
      error: { name: 'DeadlineExceededError' },
    })
    // Its agent would take half a minute.
    expect(Date.now() - started).toBeLessThan(15_000)
    expect((await api.call('POST', `/tasks/${taskId}/retry`, {})).body.detail).toMatch(
      /has passed; give a later one/,
    )
  })

  it('ends a task that waits at its deadline: by the reconciler', async () => {
    const taskId = await submit({ long: { wait: { seconds: 60 } } }, { deadlineSeconds: 0.2 })
    await new Promise((resolve) => setTimeout(resolve, 300))
    await api.reconcile()
    expect(await api.ended(taskId)).toMatchObject({ status: 'timed_out' })
  })
})

describe('a forked task', () => {
  const fork = async (taskId: string, wishes: object = {}, headers = {}) => {
    const answer = await api.call('POST', `/tasks/${taskId}/fork`, wishes, headers)
    expect(answer).toMatchObject({ status: 202, body: { forkedFrom: { taskId } } })
    expect(answer.body.taskId).not.toBe(taskId)
    return api.ended(String(answer.body.taskId))
  }
  const stepsOf = async ({ taskId }: Record<string, unknown>) =>
    (await api.ask('listTaskSteps', { id: String(taskId) })).steps
  const line = { a: step(), b: behind('a'), c: behind('b'), beside: step() }

  it('runs the requested steps and their dependants again, and copies the others without cost (fork/R1, fork/R2, fork/R3)', async () => {
    const taskId = await submit(line)
    const before = await api.ended(taskId)
    const task = await fork(taskId, { redo: ['b'] })
    expect(runs()).toEqual(['a', 'b', 'b', 'beside', 'c', 'c'])
    expect(task).toMatchObject({
      status: 'succeeded',
      cost: { usd: expect.closeTo(0.02, 6), tokens: 200 },
    })
    const steps = await stepsOf(task)
    const reused = Object.fromEntries(steps.map(({ stepId, reused }) => [stepId, reused]))
    expect(reused).toMatchObject({ a: { taskId, path: 'a' }, beside: { taskId, path: 'beside' } })
    expect(reused.b).toBeUndefined()
    expect(await api.ended(taskId)).toEqual(before)
    // A fork of a fork still names the original of the work.
    const again = await fork(String(task.taskId))
    expect(runs()).toHaveLength(6)
    expect(again.cost).toEqual({ usd: 0, tokens: 0 })
  })

  it('begins with the steps that were completed when a step ended, or at a time', async () => {
    const taskId = await submit(line)
    const { createdAt } = await api.ended(taskId)
    expect(await fork(taskId, { after: 'b' })).toMatchObject({ status: 'succeeded' })
    expect(runs().filter((path) => path === 'c')).toHaveLength(2)
    expect(runs().filter((path) => path === 'b')).toHaveLength(1)
    await fork(taskId, { at: createdAt })
    expect(runs().filter((path) => path === 'a')).toHaveLength(2)
  })

  it('runs a step again with another input, although it had succeeded', async () => {
    const taskId = await submit(line)
    await api.ended(taskId)
    const forked = await fork(taskId, { steps: { b: { input: { log, value: 'other' } } } })
    const { body } = await api.call('GET', `/tasks/${forked.taskId}/steps/b`)
    expect(body).toMatchObject({ output: { path: 'b', value: 'other' } })
    expect(runs()).toEqual(['a', 'b', 'b', 'beside', 'c', 'c'])
  })

  it('copies rounds, items, tolerated failures, and the completed steps of a failed task', async () => {
    const each = step({ forEach: '{% [1, 2] %}', input: { log: '{% $input.log %}', value: '{% $item %}' } })
    const improve = { repeat: { steps: { draft: step() }, until: '{% $iteration = 2 %}', maxIterations: 3 } }
    breakAt('soft')
    const soft = step({ onFailure: 'continue' })
    const taskId = await fail(
      { each, improve, soft, last: behind('each', { needs: ['each', 'improve', 'soft'], join: 'settled' }) },
      'last',
    )
    const before = runs().filter((path) => path !== 'last')
    expect(await fork(taskId)).toMatchObject({ status: 'succeeded', degraded: [{ path: 'soft' }] })
    expect(runs().filter((path) => path !== 'last')).toEqual(before)
    await fork(taskId, { redo: ['improve'] })
    expect(runs().filter((path) => path === 'improve[2].draft')).toHaveLength(2)
    expect(runs().filter((path) => path === 'each[0]')).toHaveLength(1)
  })

  it('leaves its running original alone, and is idempotent by key', async () => {
    const taskId = await submit({ a: step(), pause: { wait: { seconds: 30 }, needs: ['a'] } })
    while (!runs().includes('a')) await new Promise((resolve) => setTimeout(resolve, 25))
    const key = { 'idempotency-key': 'fork-once' }
    const wishes = { workflow: { name: 'w', steps: { a: step(), b: behind('a') } } }
    const [one, two] = [await fork(taskId, wishes, key), await fork(taskId, wishes, key)]
    expect(one).toMatchObject({ status: 'succeeded' })
    expect(two.taskId).toBe(one.taskId)
    expect((await api.call('GET', `/tasks/${taskId}`)).body.status).toBe('waiting')
    expect(await api.call('POST', `/tasks/${taskId}/cancel`, {})).toMatchObject({ status: 200 })
  })

  it('reports invalid requests, and leaves nothing behind', async () => {
    const taskId = await submit(line)
    await api.ended(taskId)
    const { body: all } = await api.call('GET', '/tasks?limit=100')
    for (const [wishes, problem] of [
      [{ redo: ['bb'] }, /there is no step "bb".*"b"/],
      [{ after: 'd' }, /no step "d" has ended/],
      [{ at: 'yesterday' }, /at/],
      [{ at: '2026-01-01T00:00:00Z', after: 'a' }, /give one of "at" and "after"/],
      [{ steps: { b: { input: '{% $x %}' } } }, /is a value/],
    ] as const) {
      const { status, body } = await api.call('POST', `/tasks/${taskId}/fork`, wishes)
      expect({ status, ok: problem.test(JSON.stringify(body).replaceAll('\\"', '"')), body }).toMatchObject({
        status: expect.toBeOneOf([400, 422]),
        ok: true,
      })
    }
    const { body: after } = await api.call('GET', '/tasks?limit=100')
    expect(after).toEqual(all)
    const none = await api.call('POST', '/tasks/t_00000000000000000000000000/fork', {})
    expect(none.status).toBe(404)
  })
})

describe('the kill switch', () => {
  it('stops every running agent of every task within two seconds, also in child tasks', async () => {
    const slow = { log: '{% $input.log %}', milliseconds: 30_000 }
    const inner = { name: 'sleeper', steps: { long: step({ input: slow }) } }
    expect((await api.call('PUT', '/workflows/sleeper', { workflow: inner })).status).toBe(200)
    const outer = await submit({ call: { workflow: 'sleeper', input: { log: '{% $input.log %}' } } })
    const own = await submit({ quick: step(), then: behind('quick', { input: slow }) })
    const waiting = await submit({ ok: { approval: { prompt: 'Really?', timeoutSeconds: 60 } } })
    const noted = () => readFileSync(join(log, 'runs'), 'utf8').trim().split('\n')
    const until = async (lines: number) => {
      while (noted().length < lines) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await until(4)
    const killedAt = Date.now()
    const { tasks } = await api.ask('cancelAllTasks', { all: true, reason: 'stop' })
    const stopped = tasks.filter(({ parent }) => !parent)
    expect(stopped.map(({ taskId }) => taskId).sort()).toEqual([outer, own, waiting].sort())
    await until(6)
    expect(Date.now() - killedAt).toBeLessThan(10_000)
    for (const taskId of [outer, own, waiting])
      expect(await api.ended(taskId)).toMatchObject({ status: 'cancelled' })
    // Includes the spending that agents report when they are stopped.
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await api.call('GET', `/tasks/${own}`)).body).toMatchObject({
      cost: { usd: expect.closeTo(0.02, 6) },
    })
    expect((await api.call('POST', '/tasks/cancel', { all: true })).body).toEqual({
      tasks: [],
      failed: [],
      more: false,
    })
    expect((await api.call('POST', '/tasks/cancel', {})).status).toBe(400)
  })
})
