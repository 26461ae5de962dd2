/** Resumed tasks: what a retry or a fork must not disturb, and must not lose. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { cancelAllTasks } from '../../../shared/app/tasks/cancel-all-tasks.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { finishTask } from '../../../shared/app/tasks/finish-task.ts'
import { forkTask } from '../../../shared/app/tasks/fork-task.ts'
import { reopen, retryTask } from '../../../shared/app/tasks/retry-task.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { isOpenTask } from '../../../shared/domain/task.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask, seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const work = { capability: 'work.do' }
const behind = (id: string) => ({ ...work, needs: [id] })
const seed = (steps: object) => seedTask(stores.ports, { steps, agents: [makeAgent()] })
const taskOf = (taskId: string) => stores.ports.tasks.findTask(taskId)
const stepOf = async (taskId: string, path: string) => (await stores.ports.steps.findSteps(taskId, [path]))[0]
const fenceOf = (execution: number, entry: number): string =>
  `${String(execution).padStart(4, '0')}.0000.${String(entry).padStart(15, '0')}.0000`

let entries = 0
async function doStep(taskId: string, path: string, { execution = 1, fails = false, late = false } = {}) {
  const own = { taskId, path, owner: 'o', fence: fenceOf(execution, ++entries) }
  const at = new Date().toISOString()
  const taken = await stores.ports.steps.takeOverStep(own, { agentId: 'worker', startedAt: at })
  if (late) return { own, taken }
  const error = { name: 'AgentFailedError', message: 'boom' }
  await stores.ports.steps.endStep(
    own,
    fails
      ? { status: 'failed', endedAt: at, error }
      : { status: 'succeeded', endedAt: at, output: { inline: '1' } },
  )
  return { own, taken }
}
const finish = (taskId: string, status: 'FAILED' | 'SUCCEEDED' = 'FAILED', execution = 1) =>
  finishTask(stores.ports)({ name: `${taskId}-${execution}`, ended: { status } })
const retry = (id: string, more: object = {}) => retryTask(stores.ports)({ id, ...more }, CALLER)

describe('a retry', () => {
  it('ignores failures of an earlier definition in steps that the new one lacks (finish/F5)', async () => {
    const taskId = await seed({ soft: { ...work, onFailure: 'continue' }, hard: work })
    await doStep(taskId, 'soft', { fails: true })
    await doStep(taskId, 'hard', { fails: true })
    await finish(taskId)
    const workflow = { name: 'mended', steps: { hard: work } }
    await retry(taskId, { workflow })
    await doStep(taskId, 'hard', { execution: 2, fails: true })
    expect(await finish(taskId, 'FAILED', 2)).toBe('failed')
    expect(await taskOf(taskId)).toMatchObject({ error: { stepId: 'hard' } })
    await retry(taskId, { workflow })
    await doStep(taskId, 'hard', { execution: 3 })
    expect(await finish(taskId, 'SUCCEEDED', 3)).toBe('succeeded')
    expect(await taskOf(taskId)).toMatchObject({ status: 'succeeded', degraded: [] })
  })

  it('runs a failed step again unless its own definition continues after the failure (retry/Q1)', async () => {
    const taskId = await seed({ soft: { ...work, onFailure: 'continue' }, hard: work })
    await doStep(taskId, 'soft', { fails: true })
    await doStep(taskId, 'hard', { fails: true })
    await finish(taskId)
    await retry(taskId)
    expect((await doStep(taskId, 'soft', { execution: 2 })).taken.kind).toBe('final')
    await doStep(taskId, 'hard', { execution: 2, fails: true })
    await finish(taskId, 'FAILED', 2)
    await retry(taskId, { workflow: { name: 'strict', steps: { soft: work, hard: work } } })
    expect((await doStep(taskId, 'soft', { execution: 3 })).taken.kind).toBe('owned')
  })

  it('that is slower than another leaves the other’s work alone (retry/Q2, retry/Q3)', async () => {
    const taskId = await seed({ a: work, b: behind('a') })
    await doStep(taskId, 'a', { fails: true })
    await finish(taskId)
    const ended = await taskOf(taskId)
    if (!ended || isOpenTask(ended) || ended.status === 'succeeded') throw new Error('it is open')
    await retry(taskId)
    const { own } = await doStep(taskId, 'a', { execution: 2, late: true })
    await expect(reopen(stores.ports, ended, { budgetUsd: undefined })).rejects.toMatchObject({
      name: 'ConflictError',
    })
    const end = { status: 'succeeded' as const, endedAt: 'z', output: { inline: '2' } }
    expect(await stores.ports.steps.endStep(own, end)).toBe(true)
    // An attempt left over from the previous execution can write nothing any more (fencing token).
    expect((await doStep(taskId, 'b', { execution: 2, late: true })).taken.kind).toBe('owned')
    expect((await doStep(taskId, 'b', { execution: 1 })).taken.kind).toBe('superseded')
  })

  it('raises the budget only if it wins, and not to the amount of a losing retry (budget/U1)', async () => {
    const workflow = await seedWorkflow(stores.ports, { steps: { a: work }, agents: [makeAgent()] })
    const asked = { workflow, input: {}, metadata: {}, budgetUsd: 1 }
    const { taskId } = await submitTask(stores.ports)(asked, CALLER)
    await doStep(taskId, 'a', { fails: true })
    await finish(taskId)
    const { reopenTask } = stores.ports.tasks
    stores.ports.tasks.reopenTask = async () => false
    await expect(retry(taskId, { budgetUsd: 2 })).rejects.toMatchObject({ name: 'ConflictError' })
    stores.ports.tasks.reopenTask = reopenTask
    const budget = () => stores.ports.budgets.find(taskId)
    expect(await budget()).toMatchObject({ available: { nanoUsd: 1e9 }, isClosed: true })
    await retry(taskId, { budgetUsd: 1.5 })
    expect(await budget()).toMatchObject({ available: { nanoUsd: 1.5e9 }, isClosed: false })
    await doStep(taskId, 'a', { execution: Number((await taskOf(taskId))?.execution), fails: true })
    await finish(taskId, 'FAILED', Number((await taskOf(taskId))?.execution))
    await retry(taskId, { budgetUsd: 5 })
    expect(await budget()).toMatchObject({ available: { nanoUsd: 5e9 } })
  })

  it('continues the child’s task, even if its step begins repeatedly (retry/Q1)', async () => {
    const inner = await seedWorkflow(stores.ports, { steps: { x: work }, agents: [makeAgent()] })
    const taskId = await seed({ call: { workflow: inner } })
    const begin = (execution: number) =>
      controlStep(stores.ports)({
        taskId,
        execution,
        path: 'call',
        fence: fenceOf(execution, ++entries),
        owner: `o${entries}`,
        at: 'begin',
      })
    const first = await begin(1)
    const child = String(first.child?.taskId)
    await doStep(child, 'x', { fails: true })
    await finish(child)
    await finish(taskId)
    await retry(taskId)
    const second = await begin(2)
    expect(second.child?.name).toBe(`${child}-2`)
    expect(await begin(2)).toEqual(second)
    // Its execution has ended unnoticed: with the next retry it continues in a third one.
    await doStep(child, 'x', { execution: 2, fails: true })
    stores.recorded.executions.set(`${child}-2`, { status: 'FAILED' })
    await finish(taskId, 'FAILED', 2)
    await retry(taskId)
    expect((await begin(3)).child?.name).toBe(`${child}-3`)
  })
})

describe('a fork', () => {
  it('that is refused does not change the existing task with its idempotency key (fork/R4)', async () => {
    const source = await seed({ a: work, b: behind('a') })
    await doStep(source, 'a')
    await doStep(source, 'b')
    const workflow = await seedWorkflow(stores.ports, { steps: { a: work, b: behind('a') }, agents: [] })
    const key = { idempotencyKey: 'one key' }
    const { taskId } = await submitTask(stores.ports)({ workflow, input: {}, metadata: {}, ...key }, CALLER)
    const forked = forkTask(stores.ports)({ id: source, redo: [], ...key }, CALLER)
    await expect(forked).rejects.toMatchObject({ name: 'ConflictError' })
    expect(await stores.ports.steps.listSteps(taskId)).toEqual([])
  })

  it('has the snapshot of its first request, even if the original has progressed since (fork/R4)', async () => {
    const source = await seed({ a: work, b: behind('a') })
    await doStep(source, 'a')
    const fork = () => forkTask(stores.ports)({ id: source, redo: [], idempotencyKey: 'two' }, CALLER)
    const { taskId } = await fork()
    await new Promise((resolve) => setTimeout(resolve, 2))
    await doStep(source, 'b')
    expect((await fork()).taskId).toBe(taskId)
    expect(await stepOf(taskId, 'a')).toMatchObject({ status: 'succeeded' })
    expect(await stepOf(taskId, 'b')).toBeUndefined()
  })

  it('has its own copy of a large value: the other task may expire (fork/R5)', async () => {
    const source = await seed({ a: work, b: behind('a') })
    const own = { taskId: source, path: 'a', owner: 'o', fence: '1' }
    await stores.ports.steps.takeOverStep(own, { startedAt: '2026-01-01T00:00:00.000Z' })
    const large = 'x'.repeat(50_000)
    const output = await stores.ports.values.storeValue(source, large)
    await stores.ports.steps.endStep(own, {
      status: 'succeeded',
      endedAt: '2026-01-01T00:00:01.000Z',
      output,
    })
    const { taskId } = await forkTask(stores.ports)({ id: source, redo: [] }, CALLER)
    for (const key of stores.recorded.blobs.keys())
      if (key.startsWith(`tasks/${source}/`)) stores.recorded.blobs.delete(key)
    const taken = await stepOf(taskId, 'a')
    expect(taken).toMatchObject({ reused: { taskId: source, path: 'a' } })
    expect(await stores.ports.values.loadValue(taken?.output as never)).toBe(large)
  })

  it('is still a fork after a retry', async () => {
    const source = await seed({ a: work })
    const { taskId } = await forkTask(stores.ports)({ id: source, redo: [] }, CALLER)
    await doStep(taskId, 'a', { fails: true })
    await finish(taskId)
    expect(await retry(taskId)).toMatchObject({ forkedFrom: { taskId: source } })
  })
})

describe('cancelling', () => {
  it('closes the budget: a late attempt cannot spend (budget/U2, finish/F4)', async () => {
    const workflow = await seedWorkflow(stores.ports, { steps: { a: work }, agents: [makeAgent()] })
    const asked = { workflow, input: {}, metadata: {}, budgetUsd: 1 }
    const { taskId } = await submitTask(stores.ports)(asked, CALLER)
    await cancelTask(stores.ports)({ id: taskId, reason: 'enough' }, CALLER)
    const none = { nanoUsd: 0, tokens: 0, holder: '1', until: Date.now() }
    expect(await stores.ports.budgets.reserve(taskId, 'a', none)).toBe('refused')
  })

  it('continues with the others when one task of all cannot be stopped, and says which', async () => {
    const [one, two] = [await seed({ a: work }), await seed({ a: work })]
    const { stop } = stores.ports.executions
    stores.ports.executions.stop = async (execution, reason) => {
      if (execution.name === `${one}-1`) throw new Error('throttled')
      return stop(execution, reason)
    }
    const { tasks, failed, more } = await cancelAllTasks(stores.ports)(
      {
        all: true,
        reason: 'stop',
      },
      CALLER,
    )
    stores.ports.executions.stop = stop
    expect(failed).toEqual([{ taskId: one, error: 'throttled' }])
    expect(tasks.map(({ taskId }) => taskId)).toContain(two)
    expect(more).toBe(false)
  })
})
