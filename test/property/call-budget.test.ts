/** The reservation of an attempt that grows with each call of a model: every interleaving of a few attempts, and many that die. */
import { describe, expect, it } from 'vitest'
import { dynamodbBudgets } from '../../functions/adapters/dynamodb/budgets/budgets.ts'
import { callBudget } from '../../shared/app/limits/call-budget.ts'
import { reserveBudget, settleDead, spentAndHeld } from '../../shared/app/limits/spend-budget.ts'
import { NOTHING } from '../../shared/domain/budget.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import type { Budgets, KeptBudget } from '../../shared/ports/index.ts'
import { exploreInterleavings } from '../support/models/all-interleavings.ts'
import { byChance, Interleaving } from '../support/models/interleaving.ts'
import { clientOf, type ImmediateTable, immediateTable } from '../support/stores/immediate-table.ts'

const NOW = 1_000_000
const clock = { now: () => new Date(NOW * 1_000) }
const usd = (nanoUsd: number) => ({ nanoUsd, tokens: 0 })

type Call = { most: number; cost: number }
type Attempt = { path: string; base?: number; calls: Call[]; holder?: string }

/** An attempt of an agent with models: it reserves, makes its calls, and settles. Returns what it has paid, or why it was refused. */
async function attempt(
  budgets: Budgets,
  { path, base = 0, calls, holder = '1' }: Attempt,
  onCall: (call: Call) => Promise<void> | void = () => {},
): Promise<string> {
  const own = { taskId: 'r', path, owner: 'o', fence: holder }
  let spent = 0
  try {
    const reserving = { taskId: 'r', path, holder, until: NOW + 60 }
    const reservation = await reserveBudget({ budgets, clock }, reserving, usd(base))
    const held = callBudget({ budgets, clock }, own, reservation, [])
    try {
      for (const call of calls) {
        const end = await held.hold(usd(call.most), 'a call')
        await onCall(call)
        spent += call.cost
        await end(usd(call.cost))
      }
    } finally {
      await held.end(usd(spent))
    }
    return `spent ${spent}`
  } catch (error) {
    const names = ['BudgetExceededError', 'AgentBusyError', 'StepSupersededError'] as const
    if (isOrchestratorError(error, ...names)) return error.name
    throw error
  }
}

type Attribute = { N?: string; M?: { nanoUsd: { N: string } } }

function sumIn({ items }: ImmediateTable): { available: number; all: number } {
  const found = [...items.values()].find(({ sk }) => (sk as { S: string }).S === 'BUDGET')
  const item = (found ?? {}) as Record<string, Attribute>
  const held = Object.entries(item).flatMap(([name, { M }]) =>
    name.startsWith('reserved ') && M ? [Number(M.nanoUsd.N)] : [],
  )
  const [available, spent] = [Number(item.availableUsd?.N), Number(item.spentUsd?.N)]
  return { available, all: available + spent + held.reduce((sum, one) => sum + one, 0) }
}

describe('every order of a few', () => {
  const explore = (
    limit: number,
    processes: Record<string, (budgets: Budgets) => Promise<unknown>>,
    options: { deaths?: number } = {},
  ) =>
    exploreInterleavings(({ table, world }) => {
      const ready = dynamodbBudgets({ client: clientOf(table), table: 't' }).create('r', { usd: limit / 1e9 })
      for (const [who, work] of Object.entries(processes))
        world.start(async () => {
          await ready
          await work(dynamodbBudgets({ client: world.clientFor(who), table: 't' }))
        })
      return {
        check: () => {
          const { available, all } = sumIn(table)
          expect(available).toBeGreaterThanOrEqual(0)
          expect(all).toBe(limit)
        },
      }
    }, options)

  it('never exceeds the budget, in spite of deaths (call-budget/U7, budget/U1, budget/U2)', async () => {
    const outcomes = new Set<string>()
    const { orders } = await explore(
      10,
      {
        a: async (budgets) =>
          outcomes.add(
            `a ${await attempt(budgets, {
              path: 'a',
              base: 1,
              calls: [
                { most: 5, cost: 2 },
                { most: 5, cost: 1 },
              ],
            })}`,
          ),
        b: async (budgets) =>
          outcomes.add(`b ${await attempt(budgets, { path: 'b', calls: [{ most: 6, cost: 6 }] })}`),
      },
      { deaths: 1 },
    )
    expect(orders).toBeGreaterThan(50)
    expect([...outcomes].sort()).toEqual([
      'a AgentBusyError',
      'a BudgetExceededError',
      'a spent 3',
      'b AgentBusyError',
      'b spent 6',
    ])
  })

  it('lets a later attempt take over in the middle of a call, which then settles nothing (call-budget/U8, budget/U2)', async () => {
    const outcomes = new Set<string>()
    await explore(20, {
      a: async (budgets) =>
        outcomes.add(`a ${await attempt(budgets, { path: 's', calls: [{ most: 5, cost: 1 }] })}`),
      b: async (budgets) => {
        await settleDead(budgets, { taskId: 'r', path: 's', holder: '2' })
        const later = { path: 's', calls: [{ most: 5, cost: 1 }], holder: '2' }
        outcomes.add(`b ${await attempt(budgets, later)}`)
      },
    })
    expect([...outcomes].sort()).toEqual(['a StepSupersededError', 'a spent 1', 'b spent 1'])
  })

  it('of several calls of one attempt at once holds and deducts each once (call-budget/U9)', async () => {
    const table = immediateTable()
    const budgets = dynamodbBudgets({ client: clientOf(table), table: 't' })
    await budgets.create('r', { usd: 100 / 1e9 })
    const own = { taskId: 'r', path: 's', owner: 'o', fence: '1' }
    const reservation = await reserveBudget(
      { budgets, clock },
      { taskId: 'r', path: 's', holder: '1', until: NOW + 60 },
      NOTHING,
    )
    const held = callBudget({ budgets, clock }, own, reservation, [])
    const ends = await Promise.all([10, 20, 30].map((most) => held.hold(usd(most), 'a call')))
    expect((await budgets.find('r'))?.available).toEqual({ nanoUsd: 40 })
    await expect(held.hold(usd(41), 'a call of model default')).rejects.toMatchObject({
      name: 'AgentBusyError',
      message: expect.stringContaining('4.1e-8 USD (a call of model default)'),
    })
    const [first, second] = ends
    await Promise.all([first?.(usd(1)), second?.(usd(2))])
    // The third still runs, and counts as what it can cost at most.
    await held.end(usd(1 + 2 + 30))
    expect(await budgets.find('r')).toMatchObject({ available: { nanoUsd: 67 }, spent: usd(33) })
    await ends[2]?.(usd(3))
    expect((await budgets.find('r'))?.spent).toEqual(usd(33))
    await expect(held.hold(usd(1), 'a call')).rejects.toMatchObject({ name: 'StepSupersededError' })
  })

  it('a write that is sent twice, because its answer was lost, changes a reservation once (call-budget/U9)', async () => {
    const table = immediateTable()
    const budgets = dynamodbBudgets({ client: clientOf(table), table: 't' })
    await budgets.create('r', { usd: 100 / 1e9 })
    const twice: Budgets = {
      ...budgets,
      async enlarge(...asked) {
        await budgets.enlarge(...asked)
        return budgets.enlarge(...asked)
      },
      async shrink(...asked) {
        await budgets.shrink(...asked)
        return budgets.shrink(...asked)
      },
    }
    expect(
      await attempt(twice, {
        path: 's',
        base: 3,
        calls: [
          { most: 10, cost: 4 },
          { most: 10, cost: 0 },
        ],
      }),
    ).toBe('spent 4')
    expect(await budgets.find('r')).toMatchObject({ available: { nanoUsd: 96 }, spent: usd(4) })
  })
})

describe('a hundred agents with ten calls each', () => {
  it.each([1, 2])(
    'never overspend, whatever they use and whichever die: seed %i (call-budget/U7, call-budget/U8)',
    async (seed) => {
      const random = seededRandom(`agents ${seed}`)
      const table = immediateTable()
      const client = clientOf(table)
      const budgets = dynamodbBudgets({ client, table: 't' })
      const limit = 40_000
      await budgets.create('r', { usd: limit / 1e9 })
      const world = new Interleaving(client, byChance(random, { deathRate: 0.002 }), { hearsAtOnce: true })
      /** What was certainly used: the calls whose model has answered. */
      let used = 0
      const outcomes = new Map<string, number>()
      for (let at = 0; at < 100; at++) {
        const who = `p${at}`
        const own = dynamodbBudgets({ client: world.clientFor(who), table: 't' })
        const calls = Array.from({ length: 10 }, () => {
          const most = 1 + Math.floor(random() * 100)
          return { most, cost: Math.floor(random() * (most + 1)) }
        })
        world.start(async () => {
          for (let tries = 0; tries < 200; tries++) {
            const outcome = await attempt(own, { path: who, calls }, async ({ cost }) => {
              await world.pause(who)
              used += cost
            })
            const kind = outcome.split(' ')[0] ?? ''
            outcomes.set(kind, 1 + (outcomes.get(kind) ?? 0))
            if (outcome !== 'AgentBusyError') return
            await world.pause(who)
          }
        })
      }
      await world.run(() => {
        const { available, all } = sumIn(table)
        expect(available).toBeGreaterThanOrEqual(0)
        expect(all).toBe(limit)
      })
      const { spent, held } = spentAndHeld((await budgets.find('r')) as KeptBudget, NOW)
      expect(spent.nanoUsd + held.nanoUsd).toBeLessThanOrEqual(limit)
      expect(spent.nanoUsd + held.nanoUsd).toBeGreaterThanOrEqual(used)
      expect(world.dead.size).toBeGreaterThan(1)
      // Without a death nothing is left held, and nothing counts twice.
      if (world.dead.size === 0) expect(spent.nanoUsd).toBe(used)
      expect(outcomes.get('spent')).toBeGreaterThan(10)
    },
    60_000,
  )
})
