import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dynamodbBudgets } from '../../functions/adapters/dynamodb/budgets/budgets.ts'
import { openChildBudget, reserveBudget, settleBudget } from '../../shared/app/limits/spend-budget.ts'
import { NOTHING } from '../../shared/domain/budget.ts'
import type { Budgets } from '../../shared/ports/index.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>
let budgets: Budgets
beforeAll(async () => {
  dynamodb = await startDynamoDB()
  await createTable(dynamodb.client, 'tasks')
  budgets = dynamodbBudgets({ client: dynamodb.client, table: 'tasks' })
})
afterAll(() => dynamodb.stop())

const clock = { now: () => new Date(1_000_000_000) }
const until = 1_000_060
const usd = (nanoUsd: number) => ({ nanoUsd, tokens: 0 })
const reserve = (taskId: string, path: string, most: number) =>
  reserveBudget({ budgets, clock }, { taskId, path, holder: '1', until }, usd(most))

describe('a budget', () => {
  it('makes reservations wait when its item is full, instead of failing', async () => {
    await budgets.create('full', { usd: 1 })
    // Long paths fill the item with few slots.
    const slots = Array.from({ length: 7 }, (_, at) => `${at}`.padEnd(56_000, 'x'))
    const first = await reserve('full', slots[0] ?? '', 1)
    for (const slot of slots.slice(1)) await reserve('full', slot, 1)
    const last = 'y'.padEnd(30_000, 'y')
    await expect(reserve('full', last, 1)).rejects.toMatchObject({
      name: 'AgentBusyError',
      message: expect.stringMatching(/budget of task full: no more can be held of it at once$/),
    })
    await settleBudget(budgets, { taskId: 'full', path: slots[0] ?? '' }, first, NOTHING)
    expect(await reserve('full', last, 1)).toMatchObject(usd(1))
  })

  it('is found from a child task at any depth, again and again', async () => {
    await budgets.create('root', { usd: 1, tokens: 10 })
    for (const [child, parent] of [
      ['one', 'root'],
      ['two', 'one'],
      ['two', 'one'],
    ] as const)
      await openChildBudget(budgets, parent, child)
    expect(await budgets.findShare('two')).toEqual({ root: 'root', parent: 'one', isClosed: false })
    expect(await budgets.findShare('root')).toEqual({ root: 'root', isClosed: false })
    expect(await budgets.find('two')).toBeUndefined()
    await openChildBudget(budgets, 'free', 'child-of-free')
    expect(await budgets.rootOf('child-of-free')).toBeUndefined()
  })

  it('counts slices that children of an earlier release hold as spent', async () => {
    const put = (taskId: string, item: object) =>
      dynamodb.client.send(
        new PutCommand({ TableName: 'tasks', Item: { pk: `TASK#${taskId}`, sk: 'BUDGET', ...item } }),
      )
    const spent = { spentUsd: 0, spentTokens: 0 }
    const slice = { ...usd(40), holder: 'old-child', isChild: true }
    await put('old', { ...spent, availableUsd: 60, total: usd(100), 'reserved each[0]': slice })
    const parent = { taskId: 'old', path: 'each[0]' }
    await put('old-child', { ...spent, availableUsd: 40, total: NOTHING, granted: usd(40), parent })
    expect(await budgets.findShare('old-child')).toEqual({ root: 'old', parent: 'old', isClosed: false })
    await reserve('old-child', 's', 60)
    await expect(reserve('old-child', 't', 61)).rejects.toMatchObject({
      name: 'BudgetExceededError',
      message: expect.stringContaining('1e-7 USD (4e-8 USD spent, 6e-8 USD held by others)'),
    })
    expect(await budgets.find('old')).toMatchObject({ available: { nanoUsd: 0 }, spent: usd(40) })
  })

  it('enlarges and shrinks exactly one reservation, within what is available', async () => {
    await budgets.create('growing', { usd: 100e-9, tokens: 50 })
    const one = { holder: '1', until, nanoUsd: 10, tokens: 5 }
    expect(await budgets.reserve('growing', 's', one)).toBe('reserved')
    expect(await budgets.enlarge('growing', 's', one, { nanoUsd: 90, tokens: 45 })).toBe('enlarged')
    const whole = { ...one, nanoUsd: 100, tokens: 50 }
    expect(await budgets.find('growing')).toMatchObject({
      available: NOTHING,
      reserved: new Map([['s', whole]]),
    })
    // The reservation is another one by now; and nothing is left.
    expect(await budgets.enlarge('growing', 's', one, { nanoUsd: 0, tokens: 1 })).toBe('refused')
    expect(await budgets.enlarge('growing', 's', whole, { nanoUsd: 0, tokens: 1 })).toBe('refused')
    expect(await budgets.shrink('growing', 's', one, { less: NOTHING, spent: NOTHING })).toBe(false)
    const part = { less: { nanoUsd: 90, tokens: 45 }, spent: { nanoUsd: 20, tokens: 50 } }
    expect(await budgets.shrink('growing', 's', whole, part)).toBe(true)
    // More than was held is deducted as well, so that it is not lost.
    expect(await budgets.find('growing')).toMatchObject({
      available: { nanoUsd: 70, tokens: -5 },
      spent: { nanoUsd: 20, tokens: 50 },
      reserved: new Map([['s', one]]),
    })
    await budgets.close('growing')
    expect(await budgets.enlarge('growing', 's', one, { nanoUsd: 1, tokens: 0 })).toBe('refused')
    expect(await budgets.settle('growing', 's', one, NOTHING)).toBe(true)
    expect(await budgets.enlarge('growing', 'other', one, { nanoUsd: 1, tokens: 0 })).toBe('refused')
    expect(await budgets.enlarge('nobody', 's', one, { nanoUsd: 1, tokens: 0 })).toBe('refused')
  })
})
