import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { approveStep } from '../../../shared/app/tasks/approve-step.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { reopen, retryTask } from '../../../shared/app/tasks/retry-task.ts'
import { listApprovals } from '../../../shared/app/views/list-approvals.ts'
import { listTasks } from '../../../shared/app/views/list-tasks.ts'
import { ListTasksSchema } from '../../../shared/contracts/list-requests.ts'
import { firstFenceOf } from '../../../shared/contracts/step-payload.ts'
import { isOpenTask } from '../../../shared/domain/task.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER, callerOf } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())
beforeEach(async () => {
  for (const { taskId } of (await inbox()).approvals)
    await cancelTask(stores.ports)({ id: taskId, reason: 'over' }, CALLER)
})

let calls = 0
const control = (taskId: string, path: string, at: 'begin' | 'end', more: object = {}) => {
  const fence = String(++calls).padStart(6, '0')
  return controlStep(stores.ports)({
    taskId,
    execution: 1,
    fence,
    owner: `o${fence}`,
    at,
    path,
    token: `t${fence}`,
    ...more,
  })
}
const ask = (prompt: string, more: object = {}) => ({
  approval: { prompt, timeoutSeconds: 3_600, ...more },
})
const seed = (steps: Record<string, object>) => seedTask(stores.ports, { steps, agents: [makeAgent()] })
const statusOf = async (taskId: string) => (await stores.ports.tasks.findTask(taskId))?.status
const inbox = (more: object = {}) => listApprovals(stores.ports)({ limit: 20, ...more }, CALLER)
const waiting = async () => {
  const { tasks } = await listTasks(stores.ports)(ListTasksSchema.parse({ status: 'waiting' }), CALLER)
  return tasks.map(({ taskId }) => taskId)
}

describe('a task that waits', () => {
  it('has the status `waiting` while one of its steps waits, and is listed by it', async () => {
    const taskId = await seed({ a: ask('Go?'), b: { wait: { seconds: 60 } }, c: ask('And you?') })
    expect(await statusOf(taskId)).toBe('running')
    await control(taskId, 'a', 'begin')
    expect([await statusOf(taskId), await waiting()]).toEqual(['waiting', [taskId]])
    await control(taskId, 'b', 'begin')
    await approveStep(stores.ports)({ id: taskId, stepId: 'a', decision: 'approve', by: 'ada' }, CALLER)
    await control(taskId, 'a', 'end')
    expect(await statusOf(taskId)).toBe('waiting')
    await control(taskId, 'b', 'end')
    expect([await statusOf(taskId), await waiting()]).toEqual(['running', []])
  })

  it('is found also where it runs a step of another one, unless children are left out', async () => {
    const parent = await seed({ a: { capability: 'work.do' } })
    const child = await seed({ a: ask('Go?') })
    const task = await stores.ports.tasks.findTask(child)
    if (!task || !isOpenTask(task)) throw new Error('it has ended')
    await stores.ports.tasks.createTask({
      ...task,
      id: `t_${'c'.repeat(26)}`,
      parent: { taskId: parent, path: 'a', depth: 1 } as never,
      status: 'waiting',
    })
    expect(await waiting()).toEqual([`t_${'c'.repeat(26)}`])
    const list = listTasks(stores.ports)
    const without = ListTasksSchema.parse({ status: 'waiting', children: 'false' })
    expect((await list(without, CALLER)).tasks).toEqual([])
    const all = ListTasksSchema.parse({})
    expect((await list(all, CALLER)).tasks.map(({ taskId }) => taskId)).not.toContain(`t_${'c'.repeat(26)}`)
    await cancelTask(stores.ports)({ id: `t_${'c'.repeat(26)}`, reason: 'over' }, CALLER)
  })

  it('does not wait for a step that has been skipped, or waits for no time', async () => {
    const taskId = await seed({ a: { ...ask('Go?'), when: '{% false %}' }, b: { wait: { seconds: 0 } } })
    await control(taskId, 'a', 'begin')
    await control(taskId, 'b', 'begin')
    expect(await statusOf(taskId)).toBe('running')
  })

  it('is running again, without waits, after a retry', async () => {
    const taskId = await seed({ a: ask('Go?') })
    await control(taskId, 'a', 'begin')
    await cancelTask(stores.ports)({ id: taskId, reason: 'no' }, CALLER)
    expect(await statusOf(taskId)).toBe('cancelled')
    await retryTask(stores.ports)({ id: taskId }, CALLER)
    expect([await statusOf(taskId), (await inbox()).approvals]).toEqual(['running', []])
  })

  it('keeps the waits of the retry that won, unaffected by the other one (retry/Q2)', async () => {
    const taskId = await seed({ a: ask('Go?') })
    await control(taskId, 'a', 'begin')
    await cancelTask(stores.ports)({ id: taskId, reason: 'no' }, CALLER)
    const ended = await stores.ports.tasks.findTask(taskId)
    if (ended?.status !== 'cancelled') throw new Error(`the task is ${ended?.status}`)
    await retryTask(stores.ports)({ id: taskId }, CALLER)
    await control(taskId, 'a', 'begin', { execution: 2, fence: `${firstFenceOf(2)}9` })
    await expect(reopen(stores.ports, ended, {})).rejects.toThrow('is being retried already')
    const asked = (await inbox()).approvals.map((approval) => approval.taskId)
    expect([await statusOf(taskId), asked]).toEqual(['waiting', [taskId]])
  })
})

/** What a Catch has recorded when the profile beside the approval has failed for good. */
const FAILED = {
  error: { Error: 'StepFailedError', Cause: JSON.stringify({ errorMessage: 'AgentFailedError: no table' }) },
}

describe('a step that waits and does not end normally (waiting/W3)', () => {
  const loopOf = (steps: object) => ({
    improve: { repeat: { steps, until: '{% true %}', maxIterations: 2 }, onFailure: 'continue' },
  })
  const eachOf = (steps: object) => ({ each: { forEach: '{% [1..2] %}', tolerate: 2, steps } })

  it.each([
    ['an item', eachOf({ a: ask('Go?') }), 'each', 'each[0].a'],
    ['a round of a loop', loopOf({ a: ask('Go?') }), 'improve', 'improve[1].a'],
    ['the workflow itself', { a: ask('Go?') }, undefined, 'a'],
  ])('ends its wait when its approval times out in %s', async (_where, steps, around, path) => {
    const taskId = await seed(steps)
    if (around !== undefined) await control(taskId, around, 'begin')
    await control(taskId, path, 'begin')
    expect(await statusOf(taskId)).toBe('waiting')
    await expect(control(taskId, path, 'end')).rejects.toThrow('ApprovalTimedOutError')
    expect([await statusOf(taskId), await stores.ports.waits.hasWaits(taskId)]).toEqual(['running', false])
  })

  const two = { a: ask('Go?'), b: ask('And you?') }
  it.each([
    ['an item', eachOf(two), 'each', 'each[0]', 'each[0].a'],
    ['a round of a loop', loopOf(two), 'improve', 'improve', 'improve[1].a'],
    ['a loop in an item', eachOf(loopOf(two)), 'each', 'each[0]', 'each[0].improve[1].a'],
  ])(
    'cannot be answered any more after a step beside it has failed in %s',
    async (_where, steps, around, failing, path) => {
      const taskId = await seed(steps)
      await control(taskId, around, 'begin')
      await control(taskId, path, 'begin')
      await control(taskId, failing, 'end', FAILED)
      expect([await statusOf(taskId), await stores.ports.waits.hasWaits(taskId)]).toEqual(['running', false])
      expect((await inbox()).approvals).toEqual([])
      const answer = { id: taskId, stepId: path, decision: 'approve', by: 'ada' }
      await expect(approveStep(stores.ports)(answer, CALLER)).rejects.toThrow('it has ended')
    },
  )

  it('leaves other items’ waits alone, also of an item whose number has the same prefix', async () => {
    const taskId = await seed({ each: { forEach: '{% [1..12] %}', tolerate: 12, steps: { a: ask('Go?') } } })
    await control(taskId, 'each', 'begin')
    for (const path of ['each[1].a', 'each[11].a']) await control(taskId, path, 'begin')
    await control(taskId, 'each[1]', 'end', FAILED)
    expect((await inbox()).approvals.map(({ stepId }) => stepId)).toEqual(['each[11].a'])
    expect(await statusOf(taskId)).toBe('waiting')
  })
})

describe('the inbox', () => {
  it('lists every open approval by expiry, page by page', async () => {
    const later = await seed({ a: ask('Later?', { timeoutSeconds: 9_000 }) })
    const soon = await seed({
      a: ask('Soon?', { timeoutSeconds: 60, approvers: ['ada'], choices: ['yes', 'no'] }),
    })
    const also = await seed({ a: ask('Also?', { timeoutSeconds: 600 }), b: { wait: { seconds: 60 } } })
    for (const taskId of [later, soon, also]) await control(taskId, 'a', 'begin')
    await control(also, 'b', 'begin')
    const { approvals } = await inbox()
    expect(approvals.map(({ prompt }) => prompt)).toEqual(['Soon?', 'Also?', 'Later?'])
    expect(approvals[0]).toEqual({
      taskId: soon,
      stepId: 'a',
      workflow: { name: expect.any(String), version: 1 },
      metadata: {},
      prompt: 'Soon?',
      choices: ['yes', 'no'],
      approvers: ['ada'],
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      requestedAt: expect.stringMatching(/^\d{4}-/),
      expiresAt: expect.stringMatching(/^\d{4}-/),
      links: { task: `/api/v1/tasks/${soon}`, answer: `/api/v1/tasks/${soon}/approvals/a` },
    })
    const paged: string[] = []
    for (let cursor: string | undefined, last = false; !last; last = cursor === undefined) {
      const page = await inbox({ limit: 1, ...(cursor ? { cursor } : {}) })
      paged.push(...page.approvals.map(({ prompt }) => prompt))
      cursor = page.cursor
    }
    expect(paged).toEqual(['Soon?', 'Also?', 'Later?'])
    expect((await inbox({ approver: 'bob' })).approvals.map(({ prompt }) => prompt)).toEqual([
      'Also?',
      'Later?',
    ])
    expect((await inbox({ approver: 'bob', limit: 1 })).approvals).toMatchObject([{ prompt: 'Also?' }])
    expect((await inbox({ workflow: 'other' })).approvals).toEqual([])
  })

  it('lists no approval that was answered, whose task has ended, or of another tenant', async () => {
    const answered = await seed({ a: ask('Answered?') })
    const ended = await seed({ a: ask('Ended?') })
    for (const taskId of [answered, ended]) await control(taskId, 'a', 'begin')
    await approveStep(stores.ports)({ id: answered, stepId: 'a', decision: 'approve', by: 'ada' }, CALLER)
    const task = await stores.ports.tasks.findTask(ended)
    if (task?.status !== 'waiting') throw new Error(`the task is ${task?.status}`)
    await stores.ports.tasks.endTask({ ...task, status: 'cancelled', endedAt: task.createdAt, reason: 'r' })
    expect(await inbox()).toEqual({ approvals: [] })
    expect(await stores.ports.waits.hasWaits(ended)).toBe(false)
    // A wait that was left of a step that has ended: its task does not wait for it any longer.
    const left = await seed({ a: ask('Go?') })
    await control(left, 'a', 'begin')
    const [step] = await stores.ports.steps.findSteps(left, ['a'])
    const own = { taskId: left, path: 'a', owner: step?.owner ?? '', fence: step?.fence ?? '' }
    await stores.ports.steps.endStep(own, { status: 'cancelled', endedAt: task.createdAt })
    expect(await statusOf(left)).toBe('waiting')
    expect(await inbox()).toEqual({ approvals: [] })
    expect(await statusOf(left)).toBe('running')
    const other = await listApprovals(stores.ports)({ limit: 20 }, callerOf('other'))
    expect(other).toEqual({ approvals: [] })
  })
})
