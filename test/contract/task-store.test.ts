import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenTask } from '../../shared/domain/task.ts'
import type { Ownership, Plan, TaskStore } from '../../shared/ports/index.ts'
import { startStores } from '../support/stores/start-stores.ts'

let tasks: TaskStore
let stop: () => Promise<void>
let count = 0

beforeAll(async () => {
  const stores = await startStores()
  tasks = stores.ports.tasks
  stop = stores.stop
})
afterAll(() => stop())

const newTask = (more: Partial<OpenTask> = {}): OpenTask => ({
  id: `t_${String(++count).padStart(26, '0')}`,
  status: 'running',
  tenant: 'default',
  workflow: { name: 'w', version: 1 },
  stateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:w',
  execution: 1,
  requestDigest: 'd',
  createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, count)).toISOString(),
  metadata: {},
  ...more,
})
const ended = (task: OpenTask) =>
  ({
    ...task,
    status: 'failed',
    endedAt: '2026-01-02T00:00:00.000Z',
    error: { name: 'X', message: 'x' },
  }) as const
const claim = (taskId: string, fence: string, owner = `o${fence}`): Ownership => ({
  taskId,
  path: 's',
  owner,
  fence,
})
const start = { agentId: 'a', startedAt: '2026-01-01T00:00:00.000Z' }
const end = { status: 'succeeded', endedAt: '2026-01-01T00:00:01.000Z', output: { inline: '1' } } as const

describe('tasks', () => {
  it('creates a task once', async () => {
    const task = newTask()
    expect([
      await tasks.createTask(task),
      await tasks.createTask({ ...task, requestDigest: 'other' }),
    ]).toEqual([true, false])
    expect(await tasks.findTask(task.id)).toEqual(task)
  })

  it('ends a task once, and only for the execution that runs it', async () => {
    const task = newTask()
    await tasks.createTask(task)
    expect(await tasks.endTask({ ...ended(task), execution: 2 })).toBe(false)
    const both = await Promise.all([tasks.endTask(ended(task)), tasks.endTask(ended(task))])
    expect(both.filter(Boolean)).toHaveLength(1)
    expect(await tasks.findTask(task.id)).toMatchObject({ status: 'failed' })
  })

  it('lists newest first, page by page, each task once', async () => {
    const tenant = 'lister'
    const made = Array.from({ length: 25 }, () => newTask({ tenant }))
    for (const task of made) await tasks.createTask(task)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await tasks.listTasks({ tenant, limit: 10, ...(cursor ? { cursor } : {}) })
      seen.push(...page.tasks.map(({ id }) => id))
      cursor = page.cursor
    } while (cursor)
    expect(seen).toEqual(made.map(({ id }) => id).reverse())
    expect((await tasks.listTasks({ tenant, limit: 10, status: 'failed' })).tasks).toEqual([])
  })

  it('lists large tasks, of which a page of the table holds few', async () => {
    const tenant = 'large'
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, 'é'.repeat(2_000)]))
    const made = Array.from({ length: 24 }, () => newTask({ tenant, metadata }))
    for (const task of made) await tasks.createTask(task)
    const { tasks: listed, cursor } = await tasks.listTasks({ tenant, limit: 50 })
    expect(listed.map(({ id }) => id)).toEqual(made.map(({ id }) => id).reverse())
    expect(cursor).toBeUndefined()
  })

  it('lists open tasks of a certain age, and no ended ones', async () => {
    const open = newTask({ createdAt: '2025-01-01T00:00:00.000Z' })
    const over = newTask({ createdAt: '2025-01-01T00:00:01.000Z' })
    await tasks.createTask(open)
    await tasks.createTask(over)
    await tasks.endTask(ended(over))
    const found = await tasks.listOpenTasks({ createdBefore: '2025-06-01T00:00:00.000Z', limit: 10 })
    expect(found.map(({ id }) => id)).toEqual([open.id])
  })

  it('pages through open tasks, also those of one instant, each once', async () => {
    const createdAt = '2024-01-01T00:00:00.000Z'
    const made = Array.from({ length: 7 }, () => newTask({ createdAt }))
    for (const task of made) await tasks.createTask(task)
    const seen: string[] = []
    for (let after: OpenTask | undefined; ; ) {
      const query = { createdBefore: '2024-06-01T00:00:00.000Z', limit: 2, ...(after ? { after } : {}) }
      const page = await tasks.listOpenTasks(query)
      seen.push(...page.map(({ id }) => id))
      after = page.at(-1)
      if (page.length < 2) break
    }
    expect(seen).toEqual(made.map(({ id }) => id))
  })

  it('keeps the first plan of a task, large ones in the blob store', async () => {
    const { id } = newTask()
    const plan = {
      taskId: id,
      requestDigest: 'd',
      metadata: {},
      workflow: {},
      input: 'x'.repeat(50_000),
      bindings: {},
      decisions: [],
    } as unknown as Plan
    expect([await tasks.createPlan(plan), await tasks.createPlan({ ...plan, input: 1 })]).toEqual([
      true,
      false,
    ])
    expect(await tasks.getPlan(id)).toEqual(plan)
    await expect(tasks.getPlan('t_none')).rejects.toMatchObject({ name: 'NotFoundError' })
  })
})

describe('steps', () => {
  it('gives a step to the highest fence (step-items/P1)', async () => {
    const { id } = newTask()
    expect(await tasks.takeOverStep(claim(id, '2'), start)).toMatchObject({ kind: 'owned' })
    expect(await tasks.takeOverStep(claim(id, '1'), start)).toMatchObject({ kind: 'superseded' })
    expect(await tasks.takeOverStep(claim(id, '3'), start)).toMatchObject({
      kind: 'owned',
      step: { fence: '3' },
    })
  })

  it('lets only the owner write (step-items/P3)', async () => {
    const { id } = newTask()
    await tasks.takeOverStep(claim(id, '1'), start)
    await tasks.takeOverStep(claim(id, '2'), start)
    const attempt = { agentId: 'a', startedAt: 'x', endedAt: 'y', error: { name: 'E', message: 'e' } }
    expect(await tasks.addAttempt(claim(id, '1'), attempt)).toBe(false)
    expect(await tasks.endStep(claim(id, '1'), end)).toBe(false)
    expect(await tasks.addAttempt(claim(id, '2'), attempt)).toBe(true)
    expect(await tasks.endStep(claim(id, '2'), end)).toBe(true)
    expect(await tasks.findSteps(id, ['s', 'none'])).toMatchObject([
      { status: 'succeeded', output: { inline: '1' }, attempts: [attempt] },
    ])
  })

  it('never takes over a step that succeeded (step-items/P2)', async () => {
    const { id } = newTask()
    await tasks.takeOverStep(claim(id, '1'), start)
    await tasks.endStep(claim(id, '1'), end)
    expect(await tasks.takeOverStep(claim(id, '9'), start)).toMatchObject({
      kind: 'final',
      step: { status: 'succeeded' },
    })
  })

  it('takes over a failed step only by a higher fence, as a redrive has (step-items/P2)', async () => {
    const { id } = newTask()
    await tasks.takeOverStep(claim(id, '1'), start)
    await tasks.endStep(claim(id, '1'), {
      status: 'failed',
      endedAt: 'z',
      error: { name: 'E', message: 'e' },
    })
    expect(await tasks.takeOverStep(claim(id, '1'), start)).toMatchObject({ kind: 'final' })
    const again = await tasks.takeOverStep(claim(id, '2'), start)
    expect(again).toMatchObject({ kind: 'owned', step: { status: 'running' } })
    expect(again.step.error).toBeUndefined()
  })

  it('keeps the first answer to an approval, and only while the step runs (approval/O4)', async () => {
    const { id } = newTask()
    const own = claim(id, '1')
    await tasks.takeOverStep(own, start)
    const answer = (by: string) => tasks.answerApproval(id, 's', { decision: 'yes', by, at: '2026' })
    expect(await answer('nobody asked')).toBeUndefined()
    const asked = { prompt: 'Go?', choices: ['yes', 'no'], expiresAt: '2027', token: 't' }
    expect(await tasks.askApproval(own, asked)).toBe(true)
    expect(await tasks.askApproval(claim(id, '0'), asked)).toBe(false)
    const both = await Promise.all([answer('ada'), answer('bob')])
    expect(both.filter(Boolean)).toHaveLength(1)
    await tasks.takeOverStep(claim(id, '2'), start)
    const [record] = await tasks.findSteps(id, ['s'])
    expect(record?.approval).toMatchObject({ ...asked, answer: { decision: 'yes' } })
  })

  it('keeps the items of a fan-out for whoever owns it (step-items/P3)', async () => {
    const { id } = newTask()
    await tasks.takeOverStep(claim(id, '1'), start)
    expect(await tasks.noteStep(claim(id, '1'), { items: { inline: '[1,2]' } })).toBe(true)
    expect(await tasks.noteStep(claim(id, '0'), { items: { inline: '[3]' } })).toBe(false)
    expect((await tasks.findSteps(id, ['s']))[0]).toMatchObject({ items: { inline: '[1,2]' } })
  })

  it('leaves the agent that the rebinder has named to whoever takes the step over', async () => {
    const { id } = newTask()
    await tasks.takeOverStep(claim(id, '1'), { ...start, agentId: 'chosen', reboundBy: '1' })
    const { step } = await tasks.takeOverStep(claim(id, '2'), { startedAt: start.startedAt })
    expect(step).toMatchObject({ agentId: 'chosen', reboundBy: '' })
  })

  it('has one owner after any number of take-overs at once (step-items/P1)', async () => {
    const { id } = newTask()
    const fences = Array.from({ length: 20 }, (_, index) => String(index).padStart(3, '0'))
    await Promise.all(fences.map((fence) => tasks.takeOverStep(claim(id, fence), start)))
    const ends = await Promise.all(fences.map((fence) => tasks.endStep(claim(id, fence), end)))
    expect(ends.map((done, index) => (done ? fences[index] : '')).filter(Boolean)).toEqual(['019'])
  })
})
