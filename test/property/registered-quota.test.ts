/** Places of what a tenant registers, against lists that lag. */
import { expect, it } from 'vitest'
import { dynamodbLimits } from '../../functions/adapters/dynamodb/counters/limits.ts'
import { leavePlace, withPlace } from '../../shared/app/quotas/registered-quota.ts'
import { isOrchestratorError, OrchestratorError } from '../../shared/domain/errors.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import type { Quotas } from '../../shared/ports/index.ts'
import { byChance, Interleaving } from '../support/models/interleaving.ts'
import { clientOf, immediateTable } from '../support/stores/immediate-table.ts'
import { portWith } from '../support/stores/ports-with.ts'

const clock = { now: () => new Date('2026-11-29T13:40:00Z') }
const quotasOf = (agents: number) => portWith<Quotas>({ quotasOf: () => ({ agents }) })

it.each([1, 2, 3])(
  'are never more than the quota, however late the list is: seed %i (registered/G1)',
  async (seed) => {
    const random = seededRandom(`places ${seed}`)
    const table = immediateTable()
    const client = clientOf(table)
    const world = new Interleaving(client, byChance(random))
    const quotas = quotasOf(5)
    // Two were there before there was a quota.
    const there = new Set(['old1', 'old2'])
    const listed = new Set(there)
    let refused = 0
    for (let at = 0; at < 15; at++) {
      const who = `p${at}`
      const limits = dynamodbLimits({ client: world.clientFor(who), table: 't', clock })
      const name = `agent${Math.floor(random() * 12)}`
      world.start(async () => {
        const place = { tenant: 'acme', quota: 'agents' as const, name, registered: async () => [...listed] }
        try {
          await withPlace({ quotas, limits, clock }, place, async () => {
            await world.pause(who)
            there.add(name)
            await world.pause(who)
          })
          // The list learns of it at some time.
          await world.pause(who)
          listed.add(name)
        } catch (error) {
          if (!isOrchestratorError(error, 'QuotaExceededError')) throw error
          refused += 1
        }
      })
    }
    await world.run(() => {
      expect(there.size).toBeLessThanOrEqual(5)
    })
    expect(there.size).toBe(5)
    expect(refused).toBeGreaterThan(0)
  },
)

it('may be changed where there are too many, and are free again (registered/G2, registered/G3)', async () => {
  const limits = dynamodbLimits({ client: clientOf(immediateTable()), table: 't', clock })
  const needs = { quotas: quotasOf(1), limits, clock }
  const listed = ['one', 'two']
  const place = (name: string) => ({
    tenant: 'acme',
    quota: 'agents' as const,
    name,
    registered: async () => [...listed],
  })
  expect(await withPlace(needs, place('two'), async () => 'changed')).toBe('changed')
  await expect(withPlace(needs, place('three'), async () => 'made')).rejects.toMatchObject({
    message: 'tenant "acme" has registered 1 agents, as many as its quota allows (agents of the stage)',
  })
  listed.splice(0)
  const failing = withPlace(needs, place('three'), async () => {
    throw new Error('not stored')
  })
  await expect(failing).rejects.toThrow('not stored')
  expect(await withPlace(needs, place('four'), async () => 'made')).toBe('made')
  await expect(withPlace(needs, place('five'), async () => 'made')).rejects.toThrow('as many as')
  await leavePlace(needs, { tenant: 'acme', quota: 'agents', name: 'four' })
  expect(await withPlace(needs, place('five'), async () => 'made')).toBe('made')
})

it('stay with the one that has the name, where another was refused it (registered/G1, registered/G3)', async () => {
  const limits = dynamodbLimits({ client: clientOf(immediateTable()), table: 't', clock })
  const needs = { quotas: quotasOf(1), limits, clock }
  const place = (name: string) => ({
    ...{ tenant: 'acme', quota: 'agents' as const, name },
    // The list lags.
    registered: async () => [],
  })
  const other = withPlace(needs, place('one'), () =>
    withPlace(needs, place('one'), async () => 'made').then(() => {
      throw new OrchestratorError('ConflictError', 'version 1 of "one" is published and does not change')
    }),
  )
  await expect(other).rejects.toThrow('does not change')
  await expect(withPlace(needs, place('two'), async () => 'made')).rejects.toThrow('as many as its quota')
})
