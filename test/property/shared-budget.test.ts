/** The budget of a tree of tasks: every interleaving of a few attempts, and many of deep trees. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dynamodbBudgets } from '../../functions/adapters/dynamodb/budgets/budgets.ts'
import {
  openChildBudget,
  reserveBudget,
  settleBudget,
  spentAndHeld,
} from '../../shared/app/limits/spend-budget.ts'
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

type Attempt = { taskId: string; path: string; most: number; cost: number; holder?: string }
type Ended = 'spent' | 'BudgetExceededError' | 'AgentBusyError' | 'TaskCancelledError' | 'StepSupersededError'

/** An attempt of the host: reserves, works, settles; `begins` is called when the work begins. */
async function attempt(
  budgets: Budgets,
  { taskId, path, most, cost, holder = '1' }: Attempt,
  begins: () => Promise<void> | void = () => {},
): Promise<Ended> {
  try {
    const own = { taskId, path, holder, until: NOW + 60 }
    const reservation = await reserveBudget({ budgets, clock }, own, usd(most))
    await begins()
    await settleBudget(budgets, own, reservation, usd(cost))
    return 'spent'
  } catch (error) {
    const names = [
      'BudgetExceededError',
      'AgentBusyError',
      'TaskCancelledError',
      'StepSupersededError',
    ] as const
    if (isOrchestratorError(error, ...names)) return error.name as Ended
    throw error
  }
}

/** Reads what is in the table now, between two operations. */
function budgetIn(
  { items }: ImmediateTable,
  taskId: string,
): Record<string, { N?: string; BOOL?: boolean; M?: object }> {
  const found = [...items.values()].find(({ pk }) => (pk as { S: string }).S === `TASK#${taskId}`)
  return (found ?? {}) as never
}

function sumIn(table: ImmediateTable, root: string): { available: number; all: number } {
  const item = budgetIn(table, root)
  const held = Object.entries(item).flatMap(([name, value]) =>
    name.startsWith('reserved ') ? [Number((value.M as { nanoUsd: { N: string } }).nanoUsd.N)] : [],
  )
  const [available, spent] = [Number(item.availableUsd?.N), Number(item.spentUsd?.N)]
  return { available, all: available + spent + held.reduce((sum, one) => sum + one, 0) }
}

describe('every order of a few', () => {
  const SETUP = { limit: 10, tasks: { c: 'r', d: 'r', g: 'd' } }

  /** Slices are allocated beforehand: only the attempts, and the writer that ends a task, interleave. */
  const explore = (
    processes: Record<string, (budgets: Budgets, table: ImmediateTable) => Promise<unknown>>,
    options: { deaths?: number } = {},
  ) =>
    exploreInterleavings(({ table, world }) => {
      const seed = dynamodbBudgets({ client: clientOf(table), table: 't' })
      const ready = (async () => {
        await seed.create('r', { usd: SETUP.limit / 1e9 })
        for (const [child, parent] of Object.entries(SETUP.tasks)) await openChildBudget(seed, parent, child)
      })()
      for (const [who, work] of Object.entries(processes))
        world.start(async () => {
          await ready
          await work(dynamodbBudgets({ client: world.clientFor(who), table: 't' }), table)
        })
      return {
        check: () => {
          const { available, all } = sumIn(table, 'r')
          expect(available).toBeGreaterThanOrEqual(0)
          expect(all).toBe(SETUP.limit)
        },
      }
    }, options)

  it('never exceeds the budget, for the root, a child and a grandchild, in spite of deaths (budget/U1, budget/U2)', async () => {
    const outcomes = new Set<string>()
    const { orders } = await explore(
      {
        a: async (budgets) =>
          outcomes.add(`a ${await attempt(budgets, { taskId: 'r', path: 's', most: 6, cost: 2 })}`),
        b: async (budgets) =>
          outcomes.add(`b ${await attempt(budgets, { taskId: 'g', path: 's', most: 6, cost: 3 })}`),
      },
      { deaths: 1 },
    )
    expect(orders).toBeGreaterThan(20)
    // Each attempt fits after the other has settled or died, so a live attempt never causes a permanent refusal.
    expect([...outcomes].sort()).toEqual(['a AgentBusyError', 'a spent', 'b AgentBusyError', 'b spent'])
  })

  it('starts no attempt of a child that has ended, nor of one whose parent has (budget/U4)', async () => {
    for (const [taskId, ended] of [
      ['c', 'c'],
      ['g', 'g'],
      ['g', 'd'],
    ] as const) {
      const outcomes = new Set<string>()
      await explore({
        a: async (budgets, table) => {
          const { reserve } = budgets
          let wasClosed: boolean | undefined
          budgets.reserve = (...asked) => {
            wasClosed = undefined
            const answer = reserve(...asked)
            return answer.finally(() => {
              // Nothing was written in between.
              wasClosed = budgetIn(table, ended).closed !== undefined
            })
          }
          const begins = () => expect(wasClosed).toBe(false)
          outcomes.add(await attempt(budgets, { taskId, path: 's', most: 6, cost: 2 }, begins))
        },
        b: async (budgets) => budgets.close(ended),
      })
      expect([...outcomes].sort()).toEqual(['TaskCancelledError', 'spent'])
    }
  })

  it('lets a later attempt of a step take over, after which the earlier one settles nothing (budget/U2, budget/U3)', async () => {
    const outcomes = new Set<string>()
    await explore({
      a: async (budgets) =>
        outcomes.add(`a ${await attempt(budgets, { taskId: 'c', path: 's', most: 5, cost: 1 })}`),
      b: async (budgets) =>
        outcomes.add(
          `b ${await attempt(budgets, { taskId: 'c', path: 's', most: 5, cost: 1, holder: '2' })}`,
        ),
    })
    expect([...outcomes].sort()).toEqual(['a StepSupersededError', 'a spent', 'b spent'])
  })
})

describe('a refused attempt', () => {
  const budgetsOf = async (budget: { usd?: number; tokens?: number }) => {
    const budgets = dynamodbBudgets({ client: clientOf(immediateTable()), table: 't' })
    await budgets.create('r', budget)
    await openChildBudget(budgets, 'r', 'c')
    return budgets
  }
  const own = { taskId: 'c', path: 's', holder: '1', until: NOW + 60 }

  it('holds no reservation afterwards, even if the second check has failed (budget/U4)', async () => {
    const budgets = await budgetsOf({ usd: 1 })
    const throttled = { ...budgets, findShare: () => Promise.reject(new Error('throttled')) }
    const asked = { nanoUsd: 5, tokens: 0 }
    await expect(reserveBudget({ budgets: throttled, clock }, own, asked)).rejects.toThrow('throttled')
    expect((await budgets.find('r'))?.reserved).toEqual(new Map())
    await attempt(budgets, { taskId: 'c', path: 's', most: 5, cost: 1, holder: '2' })
    expect((await budgets.find('r'))?.spent).toEqual({ nanoUsd: 1, tokens: 0 })
  })

  it('is told the amount that is short for good, not the amount that others reserve (budget/U6)', async () => {
    const budgets = await budgetsOf({ usd: 1e-9, tokens: 10 })
    const other = { ...own, path: 'other' }
    await reserveBudget({ budgets, clock }, other, { nanoUsd: 1, tokens: 1 })
    await expect(reserveBudget({ budgets, clock }, own, { nanoUsd: 1, tokens: 50 })).rejects.toThrow(
      /may cost 50 tokens, and 9 tokens are left/,
    )
  })
})

describe('a deep tree', () => {
  const scenario = fc.record({
    seed: fc.nat(),
    /** The parent of each task, among earlier tasks: a chain of at most eight. */
    parents: fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
    attempts: fc.array(
      fc.record({ task: fc.nat(), most: fc.integer({ min: 1, max: 100 }), share: fc.nat(100) }),
      {
        minLength: 2,
        maxLength: 24,
      },
    ),
    /** The budget beyond what is needed: zero, a surplus, or a deficit. */
    spare: fc.constantFrom(0, 0, 10, -20, -60),
  })

  it('serves every attempt if the budget suffices for all, and refuses none that only has to wait (budget/U1, budget/U4, budget/U5, budget/U6)', async () => {
    const seen = { waits: 0, refusals: 0 }
    await fc.assert(
      fc.asyncProperty(scenario, async ({ seed, parents, attempts, spare }) => {
        const random = seededRandom(String(seed))
        const table = immediateTable()
        const client = clientOf(table)
        const budgets = dynamodbBudgets({ client, table: 't' })
        const works = attempts.map(({ task, most, share }, at) => ({
          taskId: `t_${task % (parents.length + 1)}`,
          path: `s${at}`,
          most,
          cost: Math.floor((most * share) / 100),
        }))
        // The worst case: all attempts but the largest have spent, and the largest comes last.
        const spending = works.reduce((sum, { cost }) => sum + cost, 0)
        const enough = spending + Math.max(...works.map(({ most, cost }) => most - cost))
        const limit = Math.max(0, enough + spare)
        await budgets.create('t_0', { usd: limit / 1e9 })
        const depths = [0]
        for (const [at, chosen] of parents.entries()) {
          const allowed = depths.flatMap((depth, id) => (depth < 8 ? [id] : []))
          const parent = allowed[chosen % allowed.length] ?? 0
          depths.push((depths[parent] ?? 0) + 1)
          await openChildBudget(budgets, `t_${parent}`, `t_${at + 1}`)
        }
        const world = new Interleaving(client, byChance(random))
        const outcomes: Ended[] = []
        for (const [at, work] of works.entries()) {
          const who = `p${at}`
          const own = dynamodbBudgets({ client: world.clientFor(who), table: 't' })
          world.start(async () => {
            for (let tries = 0; ; tries++) {
              expect(tries).toBeLessThan(10_000)
              const outcome = await attempt(own, work, () => world.pause(who))
              if (outcome !== 'AgentBusyError') return void outcomes.push(outcome)
              seen.waits += 1
              await world.pause(who)
            }
          })
        }
        await world.run(() => {
          const { available, all } = sumIn(table, 't_0')
          expect(available).toBeGreaterThanOrEqual(0)
          expect(all).toBe(limit)
        })
        expect(outcomes).toHaveLength(works.length)
        const refused = outcomes.filter((outcome) => outcome === 'BudgetExceededError').length
        seen.refusals += refused
        if (spare >= 0) expect(refused).toBe(0)
        const root = (await budgets.find('t_0')) as KeptBudget
        expect(spentAndHeld(root, NOW)).toEqual({ spent: root.spent, held: NOTHING })
        if (refused === 0) expect(root.spent.nanoUsd).toBe(spending)
        // A refused attempt has asked for more than others could release.
        const left = limit - root.spent.nanoUsd
        const dearest = Math.max(...works.map(({ most }) => most))
        if (refused > 0) expect(left).toBeLessThan(dearest)
      }),
      { numRuns: 150 },
    )
    expect(seen.waits).toBeGreaterThan(50)
    expect(seen.refusals).toBeGreaterThan(10)
  }, 60_000)
})
