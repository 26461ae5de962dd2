/** The money of a tenant in a month, against a reference: attempts that reserve, call, settle and die in any order. */
import { describe, expect, it } from 'vitest'
import { dynamodbBudgets } from '../../functions/adapters/dynamodb/budgets/budgets.ts'
import { dynamodbMoney } from '../../functions/adapters/dynamodb/budgets/money.ts'
import { type HoldNeeds, holdBudget } from '../../shared/app/limits/hold-budget.ts'
import { PARTS_OF_MONTH, partOf, shareOf, usedIn } from '../../shared/app/limits/month-parts.ts'
import { MonthHold } from '../../shared/app/limits/tenant-money.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import type { Budgets, Money, Quotas } from '../../shared/ports/index.ts'
import { byChance, Interleaving } from '../support/models/interleaving.ts'
import { clientOf, type ImmediateTable, immediateTable } from '../support/stores/immediate-table.ts'
import { portWith } from '../support/stores/ports-with.ts'

const NOVEMBER = Date.parse('2026-11-30T23:59:00Z')
const time = { now: NOVEMBER }
const clock = { now: () => new Date(time.now) }
const MONTH = { tenant: 'acme', month: '2026-11', quota: 40_000 }

const moneyOf = (client: Parameters<typeof dynamodbMoney>[0]['client']): Money =>
  dynamodbMoney({ client, table: 't', clock })
const spender = (path: string, holder = '1') => ({
  taskId: 't_1',
  path,
  holder,
  until: NOVEMBER / 1_000 + 60,
})
const nano = (nanoUsd: number) => ({ nanoUsd, tokens: 0 })

type Attribute = { N?: string; M?: { nanoUsd: { N: string } } }

/** What the items say, part by part: whatever the adapter makes of it. */
function sumsIn({ items }: ImmediateTable): { available: number; all: number }[] {
  return [...items.values()].map((item) => {
    const attributes = item as Record<string, Attribute>
    const held = Object.entries(attributes).flatMap(([name, { M }]) =>
      name.startsWith('reserved ') && M ? [Number(M.nanoUsd.N)] : [],
    )
    const available = Number(attributes.availableUsd?.N)
    return {
      available,
      all: available + Number(attributes.spentUsd?.N) + held.reduce((sum, one) => sum + one, 0),
    }
  })
}

const keptOf = (money: Money, month = MONTH) =>
  Promise.all(Array.from({ length: PARTS_OF_MONTH }, (_, at) => money.find(partOf(month, at))))

async function needsOf(table: ImmediateTable, usdPerMonth = MONTH.quota / 1e9): Promise<HoldNeeds> {
  return {
    clock,
    budgets: portWith<Budgets>({}),
    quotas: portWith<Quotas>({ quotasOf: () => ({ usdPerMonth }) }),
    money: moneyOf(clientOf(table)),
  }
}

type Priced = Parameters<typeof holdBudget>[1]['manifest']
const MODEL_AGENT: Priced = { price: { perCallUsd: 0 }, needs: { models: ['default'] } } as Priced

const holding = (path: string, manifest: Priced = MODEL_AGENT, fence = '1') => ({
  own: { taskId: 't_1', path, owner: 'o', fence },
  plan: { tenant: 'acme' },
  manifest,
  until: NOVEMBER / 1_000 + 60,
})

describe('many attempts at once', () => {
  it.each([1, 2, 3])(
    'never spend and hold more than the quota, whatever they use and whichever die: seed %i (month/M1, month/M4)',
    async (seed) => {
      const random = seededRandom(`money ${seed}`)
      const table = immediateTable()
      const client = clientOf(table)
      const world = new Interleaving(client, byChance(random, { deathRate: 0.002 }), { hearsAtOnce: true })
      let used = 0
      const outcomes = new Set<string>()
      for (let at = 0; at < 110; at++) {
        const who = `p${at}`
        const money = moneyOf(world.clientFor(who))
        world.start(async () => {
          for (let tries = 0; tries < 100; tries++) {
            // Some ask for more than a part ever has.
            const most = 1 + Math.floor(random() * (random() < 0.1 ? 9_000 : 1_500))
            const hold = new MonthHold({ money, clock }, MONTH, spender(who))
            try {
              const first = await hold.take(most)
              await world.pause(who)
              const cost = Math.floor(random() * (most + 1))
              used += cost
              await hold.give(first, cost)
              outcomes.add('spent')
              await hold.end(0)
              return
            } catch (error) {
              await hold.end(0)
              if (!isOrchestratorError(error, 'AgentBusyError', 'BudgetExceededError')) throw error
              outcomes.add(error.name)
              if (error.name === 'BudgetExceededError') return
              await world.pause(who)
            }
          }
        })
      }
      await world.run(() => {
        const sums = sumsIn(table)
        for (const { available } of sums) expect(available).toBeGreaterThanOrEqual(0)
        const all = sums.reduce((sum, one) => sum + one.all, 0)
        expect(all).toBeLessThanOrEqual(MONTH.quota)
      })
      const { spent, held } = usedIn(await keptOf(moneyOf(client)), NOVEMBER / 1_000)
      expect(spent + held).toBeGreaterThanOrEqual(used)
      expect(spent + held).toBeLessThanOrEqual(MONTH.quota)
      if (world.dead.size === 0) expect([spent, held]).toEqual([used, 0])
      expect([...outcomes]).toContain('spent')
      expect(outcomes.size).toBeGreaterThan(1)
    },
  )

  it('have parts that together are exactly the quota (month/M1)', () => {
    for (const quota of [0, 1, 7, 8, 9, 12_345, 1e15 + 3]) {
      const shares = Array.from({ length: PARTS_OF_MONTH }, (_, at) => shareOf({ ...MONTH, quota }, at))
      expect(shares.reduce((sum, one) => sum + one, 0)).toBe(quota)
    }
  })
})

describe('one attempt', () => {
  it('fits where all parts together have enough, and holds nothing where it does not (month/M3, month/M5)', async () => {
    const table = immediateTable()
    const money = moneyOf(clientOf(table))
    const first = new MonthHold({ money, clock }, MONTH, spender('first'))
    const taken = await first.take(30_000)
    expect(taken.size).toBeGreaterThan(1)
    const second = new MonthHold({ money, clock }, MONTH, spender('second'))
    await expect(second.take(10_001)).rejects.toMatchObject({
      name: 'AgentBusyError',
      message:
        'step "second" waits for what other steps of tenant acme hold: it may cost 0.000010001 USD, and 0.00001 USD are left of the quota of tenant acme for 2026-11, 0.00004 USD (0.00003 USD held by others)',
    })
    expect(usedIn(await keptOf(money), NOVEMBER / 1_000)).toEqual({ spent: 0, held: 30_000, overdue: 0 })
    await first.give(taken, 29_000)
    await first.end(0)
    await expect(second.take(11_001, 'a call of model m')).rejects.toMatchObject({
      name: 'BudgetExceededError',
      message:
        'step "second" may cost 0.000011001 USD (a call of model m), and 0.000011 USD are left of the quota of tenant acme for 2026-11, 0.00004 USD (0 USD held by others); retry task t_1 in the next month, or with a larger usdPerMonth of the tenant in the stage',
      details: { taskId: 't_1', path: 'second', tenant: 'acme', month: '2026-11' },
    })
    expect((await second.take(11_000)).size).toBeGreaterThan(0)
    await second.end(11_000)
    expect(usedIn(await keptOf(money), NOVEMBER / 1_000)).toEqual({ spent: 40_000, held: 0, overdue: 0 })
  })

  it('whose answers are lost holds and settles once (month/M1)', async () => {
    const money = moneyOf(clientOf(immediateTable()))
    const twice = <T extends unknown[], A>(work: (...asked: T) => Promise<A>) => {
      return async (...asked: T): Promise<A> => {
        await work(...asked)
        return work(...asked)
      }
    }
    const lossy: Money = {
      ...money,
      reserve: twice(money.reserve),
      enlarge: twice(money.enlarge),
      shrink: twice(money.shrink),
      settle: twice(money.settle),
    }
    const hold = new MonthHold({ money: lossy, clock }, MONTH, spender('s'))
    const [one, other] = [await hold.take(100), await hold.take(200)]
    await hold.give(one, 50)
    await hold.give(other, 20)
    await hold.end(0)
    expect(usedIn(await keptOf(money), NOVEMBER / 1_000)).toEqual({ spent: 70, held: 0, overdue: 0 })
  })

  it('takes over what a dead attempt of its step holds, which counts as spent (month/M4)', async () => {
    const money = moneyOf(clientOf(immediateTable()))
    await new MonthHold({ money, clock }, MONTH, spender('s', '1')).take(1_000)
    const next = new MonthHold({ money, clock }, MONTH, spender('s', '2'))
    await next.take(500)
    await next.end(1)
    expect(usedIn(await keptOf(money), NOVEMBER / 1_000)).toEqual({ spent: 1_001, held: 0, overdue: 0 })
    await expect(
      new MonthHold({ money, clock }, MONTH, spender('s', '1')).take(1).then(async () => {
        const late = new MonthHold({ money, clock }, MONTH, spender('s', '2'))
        await late.take(1)
        await new MonthHold({ money, clock }, MONTH, spender('s', '1')).take(1)
      }),
    ).rejects.toMatchObject({ name: 'StepSupersededError' })
  })

  it('counts what nobody settles as spent once its time is over (month/M4)', async () => {
    const money = moneyOf(clientOf(immediateTable()))
    await new MonthHold({ money, clock }, MONTH, spender('dead')).take(39_000)
    const later = NOVEMBER + 61_000
    expect(usedIn(await keptOf(money), later / 1_000)).toEqual({ spent: 39_000, held: 0, overdue: 39_000 })
    const living = new MonthHold({ money, clock: { now: () => new Date(later) } }, MONTH, spender('living'))
    await expect(living.take(1_001)).rejects.toMatchObject({ name: 'BudgetExceededError' })
  })

  it('settles in the month in which it has begun, on the day on which it ends (month/M2)', async () => {
    const table = immediateTable()
    const needs = await needsOf(table)
    const budget = await holdBudget(needs, holding('s'))
    time.now = Date.parse('2026-12-01T00:00:30Z')
    try {
      const end = await budget?.hold(nano(500), 'a call')
      await end?.(nano(300))
      await budget?.end(nano(310))
    } finally {
      time.now = NOVEMBER
    }
    const { money } = needs
    if (!money) throw new Error('no money')
    const parts = await keptOf(money)
    expect(usedIn(parts, NOVEMBER / 1_000)).toMatchObject({ spent: 310, held: 0 })
    expect(parts.flatMap((part) => [...(part?.days ?? [])])).toEqual([['2026-12-01', 310]])
    expect(usedIn(await keptOf(money, { ...MONTH, month: '2026-12' }), NOVEMBER / 1_000).spent).toBe(0)
  })

  it('of an agent that does not say what it may cost holds a hundredth of the quota (month/M1)', async () => {
    const table = immediateTable()
    const needs = await needsOf(table, 1)
    const silent = { price: { perCallUsd: 0 } } as Priced
    const budget = await holdBudget(needs, holding('s', silent))
    const parts = await keptOf(needs.money as Money)
    expect(usedIn(parts, NOVEMBER / 1_000).held).toBe(10_000_000)
    await budget?.end(nano(2_000))
    const free = await holdBudget(needs, holding('f', { price: { perCallUsd: 0, mostUsd: 0 } } as Priced))
    await free?.end(nano(0))
    expect(usedIn(await keptOf(needs.money as Money), NOVEMBER / 1_000)).toEqual({
      spent: 2_000,
      held: 0,
      overdue: 0,
    })
  })

  it.each([
    ['a task whose budget limits tokens alone', { tokens: 1_000 }, 1],
    ['a task without a budget', undefined, 0],
    ['a task whose budget is 0', { usd: 0 }, 1e-9],
  ])(
    'of an agent that does not say what it may cost is refused where nothing is left, in %s (month/M1)',
    async (_what, budget, usdPerMonth) => {
      const client = clientOf(immediateTable())
      const budgets = dynamodbBudgets({ client, table: 't' })
      if (budget) await budgets.create('t_1', budget)
      const needs: HoldNeeds = { ...(await needsOf(immediateTable(), usdPerMonth)), budgets }
      const silent = { price: { perCallUsd: 0 } } as Priced
      const of = (path: string) => {
        const { plan, ...rest } = holding(path, silent)
        return { ...rest, plan: { ...plan, ...(budget ? { budget } : {}) } }
      }
      if (usdPerMonth > 0) await (await holdBudget(needs, of('first')))?.end(nano(usdPerMonth * 1e9))
      await expect(holdBudget(needs, of('next'))).rejects.toMatchObject({ name: 'BudgetExceededError' })
    },
  )

  it('knows of a quota that the stage has changed within the month (month/M1)', async () => {
    const client = clientOf(immediateTable())
    const first = new MonthHold({ money: moneyOf(client), clock }, MONTH, spender('a'))
    await first.take(40_000)
    await first.end(30_000)
    const larger = new MonthHold({ money: moneyOf(client), clock }, { ...MONTH, quota: 60_000 }, spender('b'))
    await larger.take(30_000)
    await larger.end(0)
    const smaller = new MonthHold(
      { money: moneyOf(client), clock },
      { ...MONTH, quota: 32_000 },
      spender('c'),
    )
    await expect(smaller.take(2_001)).rejects.toMatchObject({ name: 'BudgetExceededError' })
    await expect(smaller.take(2_000)).resolves.toBeDefined()
  })
})
