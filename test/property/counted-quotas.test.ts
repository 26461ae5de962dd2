/** Requests of a minute and tasks of a day, counted by many at once. */
import { describe, expect, it } from 'vitest'
import { dynamodbQuotas } from '../../functions/adapters/dynamodb/counters/quotas.ts'
import { RequestQuota } from '../../shared/app/quotas/request-quota.ts'
import { countTask } from '../../shared/app/quotas/task-quota.ts'
import { storeTask } from '../../shared/app/tasks/store-task.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import type { QuotasOfTenant } from '../../shared/domain/quotas.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import type { Ids, Quotas, Tasks } from '../../shared/ports/index.ts'
import { byChance, Interleaving } from '../support/models/interleaving.ts'
import { clientOf, immediateTable } from '../support/stores/immediate-table.ts'
import { memoryStores } from '../support/stores/memory-stores.ts'
import { openTask } from '../support/stores/open-task.ts'
import { planWith } from '../support/stores/plan-with.ts'
import { portWith } from '../support/stores/ports-with.ts'

const START = Date.parse('2026-11-29T13:40:00Z')
const DAY = '2026-11-29'
const usedIn = (quotas: Quotas, minute = '2026-11-29T13:40') => quotas.usedOf('acme', minute, DAY)

/** The same port, with the number of its writes of requests. */
function notingRequests(quotas: Quotas): { quotas: Quotas; writes: number } {
  const noted = {
    writes: 0,
    quotas: {
      ...quotas,
      takeRequests: async (...asked: Parameters<Quotas['takeRequests']>) => {
        noted.writes += 1
        return quotas.takeRequests(...asked)
      },
    },
  }
  return noted
}

function counting(client: Parameters<typeof dynamodbQuotas>[0]['client'], quotas: QuotasOfTenant): Quotas {
  return dynamodbQuotas({ client, table: 't', quotasOf: (tenant) => (tenant === 'acme' ? quotas : {}) })
}

describe('requests of a minute', () => {
  it.each([
    [1, 3],
    [7, 3],
    [100, 5],
    [1_000, 4],
    [600, 40],
  ])(
    'never are more than %i, however many instances let them in (requests/R1, requests/R2)',
    async (most, instances) => {
      const random = seededRandom(`requests ${most}`)
      const quotas = counting(clientOf(immediateTable()), { requestsPerMinute: most })
      const time = { now: START }
      const clock = { now: () => new Date(time.now) }
      const doors = Array.from({ length: instances }, () => new RequestQuota({ quotas, clock }))
      for (const minute of [0, 1]) {
        time.now = START + minute * 60_000
        const asked = Array.from({ length: 2 * most + 20 }, () => doors[Math.floor(random() * instances)])
        const answers = await Promise.allSettled(asked.map((door) => door?.take('acme')))
        const letIn = answers.filter(({ status }) => status === 'fulfilled').length
        expect(letIn).toBeLessThanOrEqual(most)
        // What an instance has taken and not given out: at most an eighth of what it has let in.
        expect(letIn).toBeGreaterThanOrEqual(Math.floor((most * 8) / 9))
        expect((await usedIn(quotas, `2026-11-29T13:4${minute}`)).requests).toBeLessThanOrEqual(most)
      }
    },
  )

  it('are refused with when the next minute begins, and without a write where that is known (requests/R3)', async () => {
    const time = { now: START + 20_500 }
    const quotas = counting(clientOf(immediateTable()), { requestsPerMinute: 2 })
    const noted = notingRequests(quotas)
    const door = new RequestQuota({ quotas: noted.quotas, clock: { now: () => new Date(time.now) } })
    expect(await door.take('acme')).toEqual({ most: 2, left: 1, seconds: 40 })
    expect(await door.take('acme')).toEqual({ most: 2, left: 0, seconds: 40 })
    const refused = {
      name: 'TooManyRequestsError',
      message:
        'tenant "acme" has used its quota of 2 requests a minute (requestsPerMinute of the stage); the next minute begins in 40 s',
      details: {
        tenant: 'acme',
        headers: {
          'retry-after': '40',
          'ratelimit-policy': '"requests";q=2;w=60',
          ratelimit: '"requests";r=0;t=40',
        },
      },
    }
    await expect(door.take('acme')).rejects.toMatchObject(refused)
    const known = noted.writes
    await expect(door.take('acme')).rejects.toMatchObject(refused)
    expect(noted.writes).toBe(known)
    expect(await door.take('other')).toBeUndefined()
    time.now += 40_000
    expect(await door.take('acme')).toMatchObject({ left: 1 })
  })

  it('write little where they are many (requests/R2)', async () => {
    const quotas = counting(clientOf(immediateTable()), { requestsPerMinute: 6_000 })
    const noted = notingRequests(quotas)
    const door = new RequestQuota({ quotas: noted.quotas, clock: { now: () => new Date(START) } })
    for (let at = 0; at < 6_000; at++) await door.take('acme')
    expect(noted.writes).toBeLessThan(120)
  })
})

type Stored = Map<string, true>
const tasksIn = (stored: Stored): Tasks =>
  portWith<Tasks>({ findTask: async (id) => (stored.has(id) ? openTask({ id }) : undefined) })

describe('tasks of a day', () => {
  it.each([1, 2, 3, 4])(
    'never are more than the quota, and repeats count once, whichever die: seed %i (tasks-of-day/D1, tasks-of-day/D2, quota-counters/C1)',
    async (seed) => {
      const random = seededRandom(`tasks ${seed}`)
      const table = immediateTable()
      const client = clientOf(table)
      const most = 20
      const stored: Stored = new Map()
      const world = new Interleaving(client, byChance(random, { deathRate: seed > 2 ? 0.01 : 0 }))
      const refusals: unknown[] = []
      let made = 0
      for (let at = 0; at < 60; at++) {
        const who = `p${at}`
        const quotas = counting(world.clientFor(who), { tasksPerDay: most })
        // Each third is a repeat of another.
        const taskId = `t_${Math.floor(random() * 40)}`
        world.start(async () => {
          const ports = {
            quotas,
            tasks: tasksIn(stored),
            clock: { now: () => new Date(START) },
            ids: portWith<Ids>({ makeId: () => `n_${made++}` }),
          }
          try {
            const counted = await countTask(ports, { taskId, tenant: 'acme' })
            await world.pause(who)
            const first = !stored.has(taskId)
            stored.set(taskId, true)
            await world.pause(who)
            await (first ? counted.keep() : counted.giveBack())
          } catch (error) {
            if (!isOrchestratorError(error, 'QuotaExceededError')) throw error
            refusals.push(error)
          }
        })
      }
      await world.run(async () => {
        expect(stored.size).toBeLessThanOrEqual(most)
      })
      const { tasks } = await usedIn(counting(client, {}))
      expect(tasks).toBeGreaterThanOrEqual(stored.size)
      if (world.dead.size === 0) expect(tasks).toBe(stored.size)
      expect(refusals.length).toBeGreaterThan(0)
      expect(refusals[0]).toMatchObject({
        message:
          'tenant "acme" has used its quota of 20 tasks a day (tasksPerDay of the stage); the next day begins at 2026-11-30T00:00:00.000Z',
        details: { quota: 'tasksPerDay', headers: { 'retry-after': '37200' } },
      })
    },
  )

  it('count each ticket once, whatever is sent twice (quota-counters/C2, tasks-of-day/D3)', async () => {
    const quotas = counting(clientOf(immediateTable()), { tasksPerDay: 2 })
    const count = (ticket: string) => quotas.countTask('acme', DAY, ticket, 2)
    expect([await count('a'), await count('a'), await count('b'), await count('c')]).toEqual([
      true,
      true,
      true,
      false,
    ])
    // Counted already, though the day is full.
    expect(await count('b')).toBe(true)
    await quotas.giveBackTask('acme', DAY, 'a')
    await quotas.giveBackTask('acme', DAY, 'a')
    expect((await usedIn(quotas)).tasks).toBe(1)
    await quotas.keepTask('acme', DAY, 'b')
    await quotas.giveBackTask('acme', DAY, 'b')
    expect((await usedIn(quotas)).tasks).toBe(1)
    expect(await quotas.countTask('acme', DAY, 'z', 0)).toBe(false)
  })
})

it('a request that lost to another one with its Idempotency-Key does not count (tasks-of-day/D3)', async () => {
  const { ports } = memoryStores()
  const quotas = counting(clientOf(immediateTable()), { tasksPerDay: 5 })
  const needs = { ...ports, quotas, clock: { now: () => new Date(START) } }
  const store = (requestDigest: string) =>
    storeTask(needs, { ...planWith(), taskId: `t_${'1'.repeat(26)}`, tenant: 'acme', requestDigest })
  const told = await Promise.allSettled([store('one'), store('other'), store('third')])
  expect(told.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect((await usedIn(quotas)).tasks).toBe(1)
})
