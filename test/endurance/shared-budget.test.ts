/** A budget that a task shares with its child tasks, in the whole local cloud. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { removeAltered, replaceAgent } from '../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'

let api: LocalApi
let log: string
beforeAll(async () => {
  api = await startApi({
    assembly: await replaceAgent('echo', join(import.meta.dirname, '../support/agents/priced-agent.ts')),
  })
  await publish('payer', { one: pay(), two: pay({ needs: ['one'] }) })
  // A chain of eight child tasks, the last of which spends.
  await publish('deep8', { one: pay() })
  for (let depth = 7; depth > 1; depth--)
    await publish(`deep${depth}`, { next: { workflow: `deep${depth + 1}` } })
}, 120_000)
afterAll(async () => {
  await api.stop()
  removeAltered()
})
beforeEach(() => {
  log = mkdtempSync(join(tmpdir(), 'shared-budget-'))
  writeFileSync(join(log, 'runs'), '')
  return () => rmSync(log, { recursive: true })
})

const pay = (more: object = {}) => ({
  capability: 'echo',
  input: {
    log: '{% $input.log %}',
    costUsd: '{% $input.costUsd %}',
    milliseconds: '{% $input.milliseconds %}',
  },
  ...more,
})
async function publish(name: string, steps: object): Promise<void> {
  const { status, body } = await api.call('PUT', `/workflows/${name}`, { workflow: { name, steps } })
  if (status !== 200) throw new Error(JSON.stringify(body))
}
async function submit(each: object, count: number, { costUsd = 0.005, milliseconds = 100, budgetUsd = 1 }) {
  const item = { log, costUsd, milliseconds }
  const workflow = {
    name: 'family',
    steps: { each: { forEach: `{% [1..${count}] %}`, workflow: 'payer', input: item, ...each } },
  }
  const answer = await api.call('POST', '/tasks', { workflow, input: item, budgetUsd })
  expect(answer).toMatchObject({ status: 202 })
  return String(answer.body.taskId)
}

async function budgetOf(taskId: string) {
  const { budget } = await api.ask('getTask', { id: taskId })
  if (!budget) throw new Error(`task ${taskId} has no budget`)
  return budget
}

async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`it did not come: ${readFileSync(join(log, 'runs'), 'utf8')}`)
}
/** Unspent reservations are returned a moment after the end of a task. */
const settled = (taskId: string) =>
  until(async () => {
    const budget = await budgetOf(taskId)
    return budget.reservedUsd === 0 ? budget : undefined
  })

const runs = () => readFileSync(join(log, 'runs'), 'utf8').split('\n').slice(0, -1)
function mostAtOnce(): number {
  let [now, most] = [0, 0]
  for (const line of runs()) {
    now += line.startsWith('begin') ? 1 : -1
    most = Math.max(most, now)
  }
  return most
}

describe('twenty children', () => {
  it('share a budget that fits three concurrent calls: the others wait, and all succeed (budget/U1, budget/U4, budget/U5)', async () => {
    const taskId = await submit({}, 20, { budgetUsd: 0.35 })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await settled(taskId)).toMatchObject({ usd: 0.35, spentUsd: expect.closeTo(0.2, 9) })
    expect(runs()).toHaveLength(2 * 40)
    expect(mostAtOnce()).toBeLessThanOrEqual(3)
    expect(mostAtOnce()).toBeGreaterThan(1)
    const { steps } = await api.ask('listTaskSteps', { id: taskId })
    const child = String(steps.find((one) => one.child !== undefined)?.child)
    expect(await budgetOf(child)).toEqual({ ...(await budgetOf(taskId)), taskId })
  }, 90_000)

  it('wait for it eight deep too (budget/U4, budget/U5)', async () => {
    const taskId = await submit({ workflow: 'deep2' }, 3, { budgetUsd: 0.12 })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await settled(taskId)).toMatchObject({ spentUsd: expect.closeTo(0.015, 9) })
    expect(mostAtOnce()).toBe(1)
  }, 90_000)
})

describe('a child that cannot be paid', () => {
  it('fails with the amounts of the budget that has refused it, and continues with a larger one (budget/U6)', async () => {
    const taskId = await submit({ maxConcurrency: 1 }, 2, { budgetUsd: 0.112 })
    const task = await api.ended(taskId)
    const message = `may cost 0.1 USD, and 0.097 USD are left of the budget of task ${taskId}, 0.112 USD (0.015 USD spent, 0 USD held by others); retry task ${taskId} with a larger budget`
    expect(task).toMatchObject({
      status: 'failed',
      error: { name: 'BudgetExceededError', message: expect.stringContaining(message) },
    })
    expect((await api.call('POST', `/tasks/${taskId}/retry`, { budgetUsd: 0.2 })).status).toBe(202)
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await settled(taskId)).toMatchObject({ usd: 0.2, spentUsd: expect.closeTo(0.02, 9) })
  }, 90_000)
})

describe('cancelling', () => {
  const begun = (count: number) => until(() => (runs().length >= count ? runs() : undefined))

  it('a child releases its reservation: its sibling can use it, and its task continues (budget/U4)', async () => {
    const taskId = await submit({ tolerate: 1 }, 2, { budgetUsd: 0.15, milliseconds: 20_000 })
    const [first = ''] = await begun(1)
    const child = first.split(' ')[1]
    expect((await api.call('POST', `/tasks/${child}/cancel`, { reason: 'enough' })).status).toBe(200)
    await begun(3)
    expect(await budgetOf(taskId)).toMatchObject({ spentUsd: 0.005, reservedUsd: 0.1 })
    await api.call('POST', `/tasks/${taskId}/cancel`, { reason: 'seen enough' })
    expect(await settled(taskId)).toMatchObject({ spentUsd: expect.closeTo(0.01, 9) })
  }, 90_000)

  it('a task stops its children, which are charged only for their calls (budget/U2, budget/U4, finish/F4)', async () => {
    const taskId = await submit({}, 3, { budgetUsd: 0.35, milliseconds: 20_000 })
    await begun(3)
    expect(await budgetOf(taskId)).toMatchObject({ spentUsd: 0, reservedUsd: expect.closeTo(0.3, 9) })
    expect((await api.call('POST', `/tasks/${taskId}/cancel`, { reason: 'enough' })).status).toBe(200)
    expect(await settled(taskId)).toMatchObject({ usd: 0.35, spentUsd: expect.closeTo(0.015, 9) })
    expect(mostAtOnce()).toBe(3)
  }, 90_000)
})
