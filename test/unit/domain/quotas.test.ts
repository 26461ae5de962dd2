import { describe, expect, it } from 'vitest'
import { readTenants } from '../../../functions/deps/identity/tenants.ts'
import {
  dayOf,
  isLimited,
  mayUse,
  minuteOf,
  monthOf,
  narrowed,
  nextDay,
  nextMinute,
  nextMonth,
  QUOTA_NAMES,
  quotasOf,
  secondsTo,
  type Tenants,
  TenantsSchema,
} from '../../../shared/domain/quotas.ts'

const TENANTS: Tenants = {
  '*': { requestsPerMinute: 600, tasksPerDay: 100, agents: 5 },
  acme: { tasksPerDay: 'unlimited', usdPerMonth: 250, agents: 0 },
  default: {},
}

describe('the quotas of a tenant', () => {
  it.each([
    ['acme', { requestsPerMinute: 600, usdPerMonth: 250, agents: 0 }],
    ['default', { requestsPerMinute: 600, tasksPerDay: 100, agents: 5 }],
    ['other', { requestsPerMinute: 600, tasksPerDay: 100, agents: 5 }],
    ['constructor', { requestsPerMinute: 600, tasksPerDay: 100, agents: 5 }],
  ])('of %s are its own, and those of * where it says nothing (quotas/Q1)', (tenant, expected) => {
    expect(quotasOf(TENANTS, tenant)).toEqual(expected)
  })

  it('have the concurrency of the stage where neither says one (quotas/Q1)', () => {
    const tenants: Tenants = { '*': {}, acme: { concurrency: 2 }, free: { concurrency: 'unlimited' } }
    const of = (tenant: string) => quotasOf(tenants, tenant, { concurrency: 9 }).concurrency
    expect([of('acme'), of('other'), of('free')]).toEqual([2, 9, undefined])
    expect(quotasOf({}, 'acme')).toEqual({})
  })

  it('travel to a function as far as it looks at them, and are read as they were written', () => {
    const some = narrowed(TENANTS, ['usdPerMonth', 'tasksPerDay'])
    expect(some).toEqual({
      '*': { tasksPerDay: 100 },
      acme: { tasksPerDay: 'unlimited', usdPerMonth: 250 },
    })
    expect(readTenants(JSON.stringify(some))).toEqual(some)
    // What a later release adds is passed over (environment/V2).
    expect(readTenants('{"acme": {"agents": 3, "later": {"a": 1}, "keys": "many"}, "b": 1}')).toEqual({
      acme: { agents: 3 },
    })
    expect(() => readTenants('nonsense')).toThrow('TENANT_QUOTAS is not what a deployment writes')
    expect(isLimited(TENANTS, 'usdPerMonth')).toBe(true)
    expect(isLimited({ '*': { keys: 'unlimited' } }, 'keys')).toBe(false)
  })
})

describe('periods', () => {
  it('are those of UTC (quotas/Q2)', () => {
    const at = new Date('2026-12-31T23:59:58.500Z')
    expect([minuteOf(at), dayOf(at), monthOf(at)]).toEqual(['2026-12-31T23:59', '2026-12-31', '2026-12'])
    const newYear = '2027-01-01T00:00:00.000Z'
    for (const next of [nextMinute, nextDay, nextMonth]) {
      expect(next(at).toISOString()).toBe(newYear)
      expect(secondsTo(next(at), at)).toBe(2)
      // The instant belongs to what begins with it.
      expect(next(new Date(newYear)).getTime()).toBeGreaterThan(Date.parse(newYear))
    }
  })
})

describe('agents that a tenant may use', () => {
  const agent = { id: 'data', capabilities: [{ name: 'data.profile' }, { name: 'text.table' }] }
  it.each([
    [{}, true],
    [{ allowedAgents: ['data'] }, true],
    [{ allowedAgents: ['da*'] }, true],
    [{ allowedAgents: ['dat'] }, false],
    [{ allowedAgents: [] }, false],
    [{ allowedCapabilities: ['text.*'] }, true],
    [{ allowedCapabilities: ['text'] }, false],
    [{ allowedAgents: ['data'], allowedCapabilities: ['http.*'] }, false],
  ])('by %j: %j', (quotas, expected) => {
    expect(mayUse(quotas, agent)).toBe(expected)
  })
})

describe('a stage', () => {
  it.each([
    [{ Acme: {} }, /a tenant, e\.g\. acme, or "\*"/],
    [{ acme: { requestsPerMinute: 0 } }, /a whole number from 1 to 1000000000, e\.g\. 600, or unlimited/],
    [{ acme: { tasksPerDay: 1.5 } }, /a whole number from 0/],
    [{ acme: { usdPerMonth: -1 } }, /US dollars, 0 or from 0\.01 to 1000000, e\.g\. 250, or unlimited/],
    [{ acme: { usdPerMonth: 1e7 } }, /US dollars, 0 or from 0\.01 to 1000000/],
    [{ acme: { concurrency: 'many' } }, /a whole number from 1 to 10000, e\.g\. 10, or unlimited/],
    [{ acme: { keys: 101 } }, /a whole number from 0 to 100/],
    [{ acme: { allowedAgents: ['A!'] } }, /the id of an agent or the name of a capability/],
    [{ acme: { allowedAgents: 'echo' } }, /a list, e\.g\. \[echo, text\.\*\]/],
    [{ acme: { tasks: 1 } }, /tasks/],
    [[], /quotas by tenant/],
  ])('is refused for %j', (tenants, message) => {
    const parsed = TenantsSchema.safeParse(tenants)
    expect(parsed.success).toBe(false)
    expect(JSON.stringify(parsed.error?.issues).replaceAll('\\"', '"')).toMatch(message)
  })

  it('may say each quota, or that it is unlimited', () => {
    const each = Object.fromEntries(QUOTA_NAMES.map((name) => [name, 'unlimited']))
    expect(TenantsSchema.safeParse({ '*': each }).success).toBe(true)
  })
})
