/**
 * Items with many concurrent writers, in random interleavings with deaths in between; with the adapters' own expressions.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dynamodbBudgets } from '../../functions/adapters/dynamodb/budgets/budgets.ts'
import { dynamodbBreakers } from '../../functions/adapters/dynamodb/counters/breakers.ts'
import { dynamodbLimits } from '../../functions/adapters/dynamodb/counters/limits.ts'
import { dynamodbSteps } from '../../functions/adapters/dynamodb/steps/steps.ts'
import {
  openChildBudget,
  reopenChildBudget,
  reserveBudget,
  settleBudget,
  spentAndHeld,
} from '../../shared/app/limits/spend-budget.ts'
import { type Breaker, CLOSED } from '../../shared/domain/breaker.ts'
import { type Amount, addAmounts, NOTHING } from '../../shared/domain/budget.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import { type Random, seededRandom } from '../../shared/domain/random.ts'
import type { KeptBudget } from '../../shared/ports/index.ts'
import { callAgent } from '../support/models/breaker-caller.ts'
import { byChance, Interleaving } from '../support/models/interleaving.ts'
import { clientOf, immediateTable } from '../support/stores/immediate-table.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

const seeds = fc.nat().map((seed) => seededRandom(String(seed)))
/** A multiple of the number of interleavings in `npm test`, for longer runs. */
const ORDERS = Number(process.env.ORCHESTRATOR_ORDERS ?? 1)
/** Virtual time, in seconds. */
const START = 1_000_000

const upTo = (random: Random, most: number): number => Math.floor(random() * (most + 1))
const clockAt = (time: { now: number }) => ({ now: () => new Date(time.now * 1_000) })

/** Repeats an operation that is told to wait for other writers, for a limited time (budget/U5). */
async function patiently<T>(world: Interleaving, who: string, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === 10 || !isOrchestratorError(error, 'AgentBusyError')) throw error
      await world.pause(who)
    }
  }
}

type Place = {
  newTable(): Promise<{ client: DynamoDBDocumentClient; table: string }>
  runs(most: number): number
}

/** The expressions alone, which are fast: many interleavings. */
const expressions: Place = {
  newTable: async () => ({ client: clientOf(immediateTable()), table: 't' }),
  runs: (most) => Math.ceil(most * Math.min(1, ORDERS / 3)),
}

let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>
let tables = 0
beforeAll(async () => {
  dynamodb = await startDynamoDB()
})
afterAll(() => dynamodb.stop())
/** The embedded DynamoDB, which is slow: few interleavings. */
const embedded: Place = {
  async newTable() {
    const table = `items-${++tables}`
    await createTable(dynamodb.client, table)
    return { client: dynamodb.client, table }
  },
  runs: (most) => Math.ceil((most * ORDERS) / 20),
}

describe.each([
  { where: "on DynamoDB's expressions", ...expressions },
  { where: 'on the embedded DynamoDB', ...embedded },
])('$where', ({ newTable, runs }) => {
  describe('slots', () => {
    it('never exceed the limit, and those of dead holders expire (slots/L1, slots/L2, slots/L3)', async () => {
      await fc.assert(
        fc.asyncProperty(seeds, async (random) => {
          const [most, time] = [1 + upTo(random, 3), { now: START }]
          const { client, table } = await newTable()
          const world = new Interleaving(client, byChance(random, { deathRate: 0.05 }))
          const held = new Map<string, number>()
          for (let at = 0; at < 12; at++) {
            const who = `p${at}`
            const limits = dynamodbLimits({ client: world.clientFor(who), table, clock: clockAt(time) })
            world.start(async () => {
              for (let tries = 0; tries < 4; tries++) {
                const until = time.now + 5 + upTo(random, 30)
                if (!(await limits.takeSlot('agent:a', { id: who, until }, most))) continue
                held.set(who, until)
                await world.pause(who)
                held.delete(who)
                await limits.freeSlot('agent:a', who)
                await limits.freeSlot('agent:a', who)
              }
            })
          }
          await world.run(() => {
            if (random() < 0.2) time.now += upTo(random, 8)
            const now = [...held].filter(([, until]) => until > time.now)
            expect(now.length).toBeLessThanOrEqual(most)
          })
          time.now += 100
          const limits = dynamodbLimits({ client: client, table, clock: clockAt(time) })
          expect(await limits.countSlots(['agent:a'])).toEqual(new Map([['agent:a', 0]]))
          for (let at = 0; at < most; at++)
            expect(await limits.takeSlot('agent:a', { id: `new${at}`, until: time.now + 9 }, most)).toBe(true)
          expect(await limits.takeSlot('agent:a', { id: 'one more', until: time.now + 9 }, most)).toBe(false)
        }),
        { numRuns: runs(60) },
      )
    })
  })

  describe('rates', () => {
    it('grant no more than the quota of a minute, and again in the next minute (slots/L4)', async () => {
      await fc.assert(
        fc.asyncProperty(seeds, async (random) => {
          const { client: shared, table } = await newTable()
          const [most, time] = [20 + upTo(random, 80), { now: START }]
          const world = new Interleaving(shared, byChance(random, { deathRate: 0.02 }))
          const given = new Map<number, number>()
          for (let at = 0; at < 15; at++) {
            const who = `p${at}`
            const client = world.clientFor(who)
            world.start(async () => {
              for (let tries = 0; tries < 4; tries++) {
                const amount = 1 + upTo(random, 30)
                const minute = Math.floor(time.now / 60)
                // The window of the rate limit is that of the call.
                const limits = dynamodbLimits({ client, table, clock: clockAt({ now: time.now }) })
                if (await limits.takeRate('model:m', amount, most))
                  given.set(minute, amount + (given.get(minute) ?? 0))
              }
            })
          }
          await world.run(() => {
            if (random() < 0.1) time.now += upTo(random, 30)
          })
          for (const sum of given.values()) expect(sum).toBeLessThanOrEqual(most)
          if (time.now - START < 50) expect(given.size).toBeGreaterThan(0)
        }),
        { numRuns: runs(60) },
      )
    })
  })

  describe('a budget', () => {
    const amount = (nanoUsd: number, tokens: number): Amount => ({ nanoUsd, tokens })
    const clock = clockAt({ now: START })
    const [until, later] = [START + 60, START + 60]

    it('is never overspent by a fan-out of 100 whose attempts die, and nothing is left reserved (budget/U1, budget/U2, budget/U3)', async () => {
      await fc.assert(
        fc.asyncProperty(seeds, async (random) => {
          const { client, table } = await newTable()
          const total = { usd: upTo(random, 1_000) / 1e9, tokens: upTo(random, 20_000) }
          const whole = amount(Math.round(total.usd * 1e9), total.tokens)
          const budgets = dynamodbBudgets({ client: client, table })
          await budgets.create('t_1', total)
          const world = new Interleaving(client, byChance(random, { deathRate: 0.03 }))
          const really = { ...NOTHING }
          const attempt = (item: number, fence: number): void => {
            const who = `${item}.${fence}`
            const own = dynamodbBudgets({ client: world.clientFor(who), table })
            const most = amount(upTo(random, 40), upTo(random, 600))
            const holder = { taskId: 't_1', path: `each[${item}]`, holder: String(fence), until }
            const ports = { budgets: own, clock }
            world.start(async () => {
              try {
                const reservation = await patiently(world, who, () => reserveBudget(ports, holder, most))
                expect(await reserveBudget(ports, holder, most)).toEqual(reservation)
                const cost = amount(upTo(random, most.nanoUsd), upTo(random, most.tokens))
                await world.pause(who)
                really.nanoUsd += cost.nanoUsd
                really.tokens += cost.tokens
                await settleBudget(own, holder, reservation, cost)
                await settleBudget(own, holder, reservation, cost)
              } catch (error) {
                if (
                  !isOrchestratorError(error, 'BudgetExceededError', 'AgentBusyError', 'StepSupersededError')
                )
                  throw error
              }
            })
          }
          for (let item = 0; item < 100; item++) for (let fence = 1; fence <= 2; fence++) attempt(item, fence)
          await world.run()
          const before = await budgets.find('t_1')
          const held = [...(before?.reserved.values() ?? [])].reduce<Amount>(addAmounts, NOTHING)
          expect(addAmounts(addAmounts(before?.spent ?? NOTHING, held), before?.available as Amount)).toEqual(
            whole,
          )
          await budgets.close('t_1')
          const one = { ...NOTHING, holder: '9', until }
          expect(await budgets.reserve('t_1', 'late', one)).toBe('refused')
          const after = spentAndHeld(before as KeptBudget, later)
          expect(after.held).toEqual(NOTHING)
          for (const part of ['nanoUsd', 'tokens'] as const) {
            expect(before?.available[part]).toBeGreaterThanOrEqual(0)
            expect(after.spent[part]).toBeLessThanOrEqual(whole[part])
            expect(really[part]).toBeLessThanOrEqual(after.spent[part])
          }
        }),
        { numRuns: runs(15) },
      )
    }, 120_000)

    it('is shared by child tasks at any depth, which end and continue while attempts die (budget/U1, budget/U2, budget/U4)', async () => {
      await fc.assert(
        fc.asyncProperty(seeds, async (random) => {
          const { client, table } = await newTable()
          const limit = upTo(random, 900)
          const budgets = dynamodbBudgets({ client: client, table })
          await budgets.create('t_1', { usd: limit / 1e9 })
          const parents = { t_2: 't_1', t_3: 't_1', t_4: 't_3' }
          for (const [child, parent] of Object.entries(parents)) await openChildBudget(budgets, parent, child)
          let really = 0
          const spend = async (world: Interleaving, who: string, at: number, fence: string) => {
            const own = dynamodbBudgets({ client: world.clientFor(who), table })
            const holder = { taskId: `t_${1 + (at % 4)}`, path: `s${at}`, holder: fence, until }
            const most = amount(1 + upTo(random, 40), 0)
            try {
              const reservation = await patiently(world, who, () =>
                reserveBudget({ budgets: own, clock }, holder, most),
              )
              const cost = upTo(random, most.nanoUsd)
              await world.pause(who)
              really += cost
              await settleBudget(own, holder, reservation, amount(cost, 0))
            } catch (error) {
              if (!isOrchestratorError(error, 'BudgetExceededError', 'AgentBusyError', 'TaskCancelledError'))
                throw error
            }
          }
          const check = async () => {
            const root = (await budgets.find('t_1')) as KeptBudget
            const { spent, held } = spentAndHeld(root, START)
            expect(root.available.nanoUsd).toBeGreaterThanOrEqual(0)
            expect(spent.nanoUsd + held.nanoUsd + (root.available.nanoUsd ?? 0)).toBe(limit)
          }
          const world = new Interleaving(client, byChance(random, { deathRate: 0.02 }))
          for (let at = 0; at < 16; at++) world.start(() => spend(world, `p${at}`, at, '1'))
          // A child task ends while others still spend, and its parent's step is repeated; both may die.
          const closer = dynamodbBudgets({ client: world.clientFor('closer'), table })
          world.start(async () => {
            for (const child of ['t_2', 't_4'] as const) {
              for (let turns = upTo(random, 9); turns > 0; turns--) await world.pause('closer')
              await closer.close(child)
              await reopenChildBudget(closer, parents[child], child)
            }
          })
          await world.run(check)
          // After deaths the tasks continue as in a retry: some steps are new, some are taken over.
          for (const [child, parent] of Object.entries(parents))
            await reopenChildBudget(budgets, parent, child)
          const again = new Interleaving(client, byChance(random, { deathRate: 0 }))
          for (let at = 12; at < 20; at++) again.start(() => spend(again, `q${at}`, at, '2'))
          await again.run(check)
          const { spent, held } = spentAndHeld((await budgets.find('t_1')) as KeptBudget, later)
          expect(held).toEqual(NOTHING)
          expect(really).toBeLessThanOrEqual(spent.nanoUsd)
          expect(spent.nanoUsd).toBeLessThanOrEqual(limit)
        }),
        { numRuns: runs(60) },
      )
    })
  })

  describe('a breaker', () => {
    it('opens once for 50 callers, allows one trial at a time, and ignores results of old calls (breaker/K1, breaker/K2, breaker/K3)', async () => {
      await fc.assert(
        fc.asyncProperty(seeds, fc.constantFrom(0.3, 0.6, 0.8, 1), async (random, failing) => {
          const { client, table } = await newTable()
          const time = { now: START }
          const pace = failing === 1 ? 0 : 0.1
          const world = new Interleaving(client, byChance(random, { deathRate: 0.002 }))
          const trials = new Map<string, number>()
          for (let at = 0; at < 50; at++) {
            const who = `p${at}`
            world.start(async () => {
              for (let calls = 0; calls < 4; calls++) {
                const call = await callAgent(`${who}.${calls}`, { client: world.clientFor(who), table }, time)
                if (call?.isOnTrial) trials.set(who, call.until)
                for (let turns = upTo(random, 20); turns > 0; turns--) await world.pause(who)
                trials.delete(who)
                await call?.end({ succeeded: random() > failing }, NOTHING)
              }
            })
          }
          const sure = dynamodbBreakers({ client, table })
          let openings = 0
          let last: Breaker = CLOSED
          await world.run(async () => {
            if (random() < pace) time.now += upTo(random, 15)
            const live = [...trials].filter(([who, until]) => until > time.now && !world.dead.has(who))
            expect(live.length).toBeLessThanOrEqual(1)
            const now = (await sure.find(['a'])).get('a')?.breaker ?? CLOSED
            // Each opening and closing of the breaker is announced once.
            expect(now.generation - last.generation).toBeLessThanOrEqual(1)
            if (now.generation > last.generation && now.state === 'open') openings += 1
            last = now
          })
          // No caller is admitted after the opening, and all admitted calls have failed: there is exactly one opening.
          if (pace === 0) expect(openings).toBe(1)
        }),
        { numRuns: runs(30), examples: [[seededRandom('all fail'), 1]] },
      )
    })
  })

  describe('a fence', () => {
    it('lets exactly one invocation end a step (steps/P1, steps/P2, steps/P3)', async () => {
      await fc.assert(
        fc.asyncProperty(seeds, async (random) => {
          const { client, table } = await newTable()
          const world = new Interleaving(client, byChance(random, { deathRate: 0.05 }))
          const ended: { fence: string; at: number }[] = []
          let operations = 0
          const stepsOver = (client: DynamoDBDocumentClient) => dynamodbSteps({ client, table })
          for (let at = 0; at < 10; at++) {
            const who = `p${at}`
            const fence = String(1 + upTo(random, 6))
            const steps = stepsOver(world.clientFor(who))
            const own = { taskId: 't_1', path: 's', owner: who, fence }
            world.start(async () => {
              const taken = await steps.takeOverStep(own, { startedAt: 'now' })
              if (taken.kind !== 'owned') return
              if (await steps.endStep(own, { status: 'succeeded', endedAt: 'then', agentId: who }))
                ended.push({ fence, at: operations })
            })
          }
          await world.run(() => {
            operations += 1
          })
          expect(ended.length).toBeLessThanOrEqual(1)
          const [step] = await stepsOver(client).findSteps('t_1', ['s'])
          if (ended.length === 1) expect(step).toMatchObject({ status: 'succeeded', fence: ended[0]?.fence })
          // Without deaths, exactly one writer has ended the task.
          if (world.dead.size === 0) expect(ended).toHaveLength(1)
        }),
        { numRuns: runs(120) },
      )
    })
  })
})
