import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finishTask } from '../../../shared/app/tasks/finish-task.ts'
import { reconcileTasks } from '../../../shared/app/tasks/reconcile-tasks.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const two = { a: { capability: 'work.do' }, b: { capability: 'work.do', onFailure: 'continue' } }
const seed = (output?: unknown) =>
  seedTask(stores.ports, { steps: two, agents: [makeAgent()], ...(output ? { output } : {}) })
const find = (taskId: string) => stores.ports.tasks.findTask(taskId)

async function endStep(taskId: string, path: string, end: object) {
  const own = { taskId, path, owner: 'o', fence: '1' }
  await stores.ports.steps.takeOverStep(own, { agentId: 'worker', startedAt: '2026-01-01T00:00:00.000Z' })
  await stores.ports.steps.endStep(own, { status: 'succeeded', endedAt: '2026-01-01T00:00:01.000Z', ...end })
}

describe('finishTask', () => {
  it('takes the result from the store, and says what is degraded (finish/F2)', async () => {
    const taskId = await seed({ a: '{% $steps.a.x %}', b: '{% $steps.b %}', how: '{% $status.b %}' })
    await endStep(taskId, 'a', { output: { inline: '{"x":1}' } })
    await endStep(taskId, 'b', { status: 'failed', error: { name: 'AgentFailedError', message: 'no luck' } })
    expect(await finishTask(stores.ports)({ name: `${taskId}-1`, ended: { status: 'SUCCEEDED' } })).toBe(
      'succeeded',
    )
    expect(await find(taskId)).toMatchObject({
      status: 'succeeded',
      result: { inline: '{"a":1,"how":"failed"}' },
      degraded: [{ path: 'b', reason: 'no luck' }],
    })
  })

  it('returns the outputs of the last steps if the workflow has no `output`', async () => {
    const taskId = await seed()
    await endStep(taskId, 'a', { output: { inline: '1' } })
    await endStep(taskId, 'b', { output: { inline: '2' } })
    await finishTask(stores.ports)({ name: `${taskId}-1`, ended: { status: 'SUCCEEDED' } })
    expect(await find(taskId)).toMatchObject({ result: { inline: '{"a":1,"b":2}' } })
  })

  it('ends a task once, however often the event comes (finish/F1)', async () => {
    const taskId = await seed()
    const before = stores.recorded.events.length
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () =>
        finishTask(stores.ports)({
          name: `${taskId}-1`,
          ended: { status: 'FAILED', error: 'X', cause: 'y' },
        }),
      ),
    )
    expect(outcomes.filter(Boolean)).toEqual(['failed'])
    expect(stores.recorded.events.slice(before).map(({ type }) => type)).toEqual(['task.failed'])
  })

  it('names step, agent and reason of a failure', async () => {
    const taskId = await seed()
    await endStep(taskId, 'a', {
      status: 'failed',
      error: { name: 'AgentFailedError', message: 'step "a" (agent worker): boom' },
    })
    await finishTask(stores.ports)({
      name: `${taskId}-1`,
      ended: { status: 'FAILED', error: 'AgentFailedError', cause: '{}' },
    })
    expect(await find(taskId)).toMatchObject({
      status: 'failed',
      error: {
        name: 'AgentFailedError',
        stepId: 'a',
        agentId: 'worker',
        message: 'step "a" (agent worker): boom',
      },
    })
  })

  it('fails a task whose output cannot be evaluated', async () => {
    const bad = await seed({ v: '{% "text" + 1 %}' })
    await endStep(bad, 'a', { output: { inline: '1' } })
    await endStep(bad, 'b', { output: { inline: '2' } })
    await finishTask(stores.ports)({ name: `${bad}-1`, ended: { status: 'SUCCEEDED' } })
    expect(await find(bad)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining("the task's output") },
    })
  })

  it('fails a task whose execution succeeded although a step never ran', async () => {
    const taskId = await seed()
    await endStep(taskId, 'a', { output: { inline: '1' } })
    await finishTask(stores.ports)({ name: `${taskId}-1`, ended: { status: 'SUCCEEDED' } })
    expect(await find(taskId)).toMatchObject({
      status: 'failed',
      error: { stepId: 'b', agentId: 'worker', message: expect.stringContaining('left no record') },
    })
  })

  it('does not blame a step that was allowed to fail', async () => {
    const taskId = await seed()
    await endStep(taskId, 'b', { status: 'failed', error: { name: 'AgentFailedError', message: 'no luck' } })
    await finishTask(stores.ports)({
      name: `${taskId}-1`,
      ended: { status: 'FAILED', error: 'BugError', cause: 'the rebinder' },
    })
    expect(await find(taskId)).toMatchObject({
      status: 'failed',
      error: { name: 'BugError', message: 'the rebinder' },
    })
  })

  it.each(['t_other-1', 'something else'])(
    'leaves an execution alone that is no task of ours: %s (finish/F3)',
    async (name) => {
      expect(await finishTask(stores.ports)({ name, ended: { status: 'SUCCEEDED' } })).toBeUndefined()
    },
  )

  it('ignores the end of an execution that a newer one has replaced (finish/F3)', async () => {
    const taskId = await seed()
    expect(
      await finishTask(stores.ports)({ name: `${taskId}-2`, ended: { status: 'SUCCEEDED' } }),
    ).toBeUndefined()
    expect(await find(taskId)).toMatchObject({ status: 'running' })
  })
})

describe('reconcileTasks', () => {
  it('ends a task whose event was lost, starts one that has no execution, and leaves the others', async () => {
    const [over, lost, running] = [await seed(), await seed(), await seed()]
    stores.recorded.executions.set(`${over}-1`, { status: 'TIMED_OUT' })
    stores.recorded.executions.delete(`${lost}-1`)
    const outcome = await reconcileTasks(stores.ports)({ graceSeconds: -60 })
    expect(outcome).toMatchObject({ ended: 1, started: 1, failed: [] })
    expect(await find(over)).toMatchObject({ status: 'timed_out' })
    expect(stores.recorded.executions.get(`${lost}-1`)).toEqual({ status: 'RUNNING' })
    expect(await find(running)).toMatchObject({ status: 'running' })
  })

  it('starts tasks that an earlier limit has queued, without grants for the queue', async () => {
    const id = await seed()
    const task = await find(id)
    const plan = await stores.ports.plans.getPlan(id, 1)
    if (task?.status !== 'running') throw new Error('it is running')
    const queued = { ...task, id: `${id.slice(0, -4)}zzzz`, status: 'queued' as const }
    await stores.ports.plans.createPlan({ ...plan, taskId: queued.id })
    await stores.ports.tasks.createTask(queued)
    const refused = async (): Promise<never> => {
      throw new Error('AccessDenied')
    }
    const queue = { ...stores.ports.queue, most: undefined, add: refused, first: refused, remove: refused }
    const limits = { ...stores.ports.limits, listSlots: refused, freeSlot: refused }
    const outcome = await reconcileTasks({ ...stores.ports, queue, limits })({ graceSeconds: -60 })
    expect(outcome.failed).toEqual([])
    expect(await find(queued.id)).toMatchObject({ status: 'running' })
    expect(stores.recorded.executions.get(`${queued.id}-1`)).toEqual({ status: 'RUNNING' })
  })

  it('is not stopped by one bad task', async () => {
    const [bad, over] = [await seed(), await seed()]
    stores.recorded.executions.set(`${over}-1`, { status: 'FAILED' })
    const find = stores.ports.executions.find
    const executions = {
      ...stores.ports.executions,
      find: async (reference: { stateMachineArn: string; name: string }) => {
        if (reference.name.startsWith(bad)) throw new Error('odd')
        return find(reference)
      },
    }
    const outcome = await reconcileTasks({ ...stores.ports, executions })({ graceSeconds: -60 })
    expect(outcome).toMatchObject({ ended: 1, failed: [{ taskId: bad, error: 'odd' }] })
  })
})
