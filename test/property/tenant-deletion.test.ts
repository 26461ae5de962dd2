/** The deletion of a tenant on the real adapters: processes end at any of their calls, functions write late, and others have names that look alike. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deleteTenant, getTenant } from '../../shared/app/deletion/delete-tenant.ts'
import { eraseTenants } from '../../shared/app/deletion/erase-tenants.ts'
import { refuseCallersOfDeleted } from '../../shared/app/tenants/refuse-deleted.ts'
import { withinTenant } from '../../shared/app/tenants/within-tenant.ts'
import { DEFAULT_TENANT } from '../../shared/domain/caller.ts'
import { LATE_WRITES_MINUTES } from '../../shared/domain/deleted-task.ts'
import { uploadsPrefix } from '../../shared/domain/file-reference.ts'
import { qualifiedName } from '../../shared/domain/tenants.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { callerOf } from '../support/stores/callers.ts'
import { memoryStores } from '../support/stores/memory-stores.ts'
import { openTask } from '../support/stores/open-task.ts'
import { planWith } from '../support/stores/plan-with.ts'
import { WRITES_OF_TASK } from '../support/stores/writes-of-task.ts'

const TENANT = 'acme'
/** Their names, and those of what they have, look like the tenant. */
const OTHERS = ['acme-2', 'b-acme', 'acm', DEFAULT_TENANT]
/** Scopes of counters by tenant begin so; tenants may be called so, too. */
const KINDS_OF_PLACES = ['agents', 'workflows'] as const
const PLANTED = 'planted-personal-text'
const MINUTE = 60_000
const CALLER = callerOf(TENANT)

/** Something of a tenant in every store. */
async function makeTenant(ports: Ports, tenant: string, text: string): Promise<void> {
  const agentId = qualifiedName(tenant, 'acme')
  const common = tenant === DEFAULT_TENANT ? 'acme' : `${tenant}:acme`
  for (const at of [1, 2]) {
    const task = openTask({
      tenant,
      stateMachineArn: `arn:aws:states:us-east-1:1:stateMachine:shared-${tenant}`,
    })
    for (const [name, write] of Object.entries(WRITES_OF_TASK))
      if (at === 1 || ['plans.createPlan', 'tasks.createTask'].includes(name)) await write(ports, task, text)
  }
  await ports.queue.add(tenant, { rank: '1', taskId: 't_waits' })
  const upload = `${uploadsPrefix(tenant)}acme/a.txt`
  await ports.files.write(upload, bytesOf(text), { contentType: 'text/plain', maxBytes: 1_000 })
  await ports.agents.putAgent({ ...makeAgent(), id: agentId, description: text, origin: 'api' })
  const workflow = { ...planWith().workflow, name: 'acme', description: text }
  const registered = {
    workflow,
    ...(tenant === DEFAULT_TENANT ? {} : { tenant }),
    stateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:w',
    gates: [],
    registeredAt: '',
    active: true,
    origin: 'api' as const,
  }
  await ports.workflows.putWorkflow(registered)
  await ports.workflows.putWorkflow({ ...registered, workflow: { ...workflow, version: 2 }, active: false })
  const key = {
    id: `key${tenant}`,
    name: text,
    tenant,
    scopes: [],
    createdBy: text,
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2099-01-01T00:00:00.000Z',
    digest: 'd',
  }
  await ports.keys.addKey(key, 10)
  await ports.loads.addLoad(new Map([[agentId, 1]]))
  await ports.modelUsage.addUse('acme', tenant, {
    calls: 1,
    inputTokens: 1,
    outputTokens: 1,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    costUsd: 1,
  })
  for (const id of [agentId, common]) {
    await ports.statistics.add(
      { agentId: id, version: '1.0.0', capability: 'acme' },
      { epoch: 1, counters: { n: 1n } },
    )
    await ports.breakers.replace(id, 0, { state: 'closed' } as never)
    await ports.limits.takeSlot(`agent:${id}`, { id: 's', until: 4e9 }, 2)
    await ports.limits.takeRate(`agent:${id}`, 1, 10)
  }
  for (const kind of ['tenant', ...KINDS_OF_PLACES])
    await ports.limits.takeSlot(`${kind}:${tenant}`, { id: 's', until: 4e9 }, 2)
  await ports.quotas.takeRequests(tenant, '2026-03-01T00:00', 1, 10)
  await ports.quotas.countTask(tenant, '2026-03-01', 't_1#n', 10)
  await ports.limits.takeRate('model:acme', 1, 10)
  for (const at of [0, 7]) await ports.money.create(`${tenant}/2026-03/${at}`, { usd: 1 })
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

type World = ReturnType<typeof memoryStores>

async function untilEnded(world: World): Promise<void> {
  for (let minute = 0; minute < 4 * LATE_WRITES_MINUTES; minute += 1) {
    expect((await eraseTenants(world.ports)()).failed).toEqual([])
    world.pass(MINUTE)
  }
  expect(await world.ports.tenants.listDeletions()).toEqual([])
}

const begin = ({ ports }: World) => deleteTenant(ports)({ name: TENANT, confirm: TENANT }, CALLER)

/** What of the tenant is there: its name stands alone, in no longer name, and not as the name of what another has. */
const ofTenant = (world: World): string[] =>
  world
    .all()
    .filter(
      (text) =>
        text.includes(PLANTED) ||
        /"tenant":"acme"|#acme\/|\/acme\/t_|@acme\/|tenant:acme"|acme:acme|#acme","sk":"DAY/.test(text),
    )

describe('the deletion of a tenant', () => {
  it('leaves nothing of it but digests, and everything of others (tenant-deletion/E1, tenant-deletion/E2)', async () => {
    const world = memoryStores()
    for (const other of OTHERS) await makeTenant(world.ports, other, 'of another')
    const before = new Set(world.all())
    await makeTenant(world.ports, TENANT, PLANTED)
    expect(ofTenant(world).length).toBeGreaterThan(30)
    await begin(world)
    await untilEnded(world)
    const after = new Set(world.all())
    expect([...before].filter((text) => !after.has(text) && !/"pk":"RATE#model/.test(text))).toEqual([])
    const left = [...after].filter((text) => !before.has(text) && !/"pk":"RATE#model/.test(text))
    for (const text of left) expect(text).toMatch(/^\{"pk":"(TASK#t_\w+|DELETION#\w{64})","sk":"META"/)
    expect(left.join()).not.toMatch(/acme|planted/)
    const { status, deletion } = await getTenant(world.ports)({ name: TENANT }, CALLER)
    expect([status, deletion?.tasks]).toEqual(['deleted', 2])
  })

  it.each(KINDS_OF_PLACES)('called %s touches no place of another (tenant-deletion/E2)', async (tenant) => {
    const world = memoryStores()
    await makeTenant(world.ports, TENANT, 'of another')
    const before = world.all()
    await makeTenant(world.ports, tenant, PLANTED)
    await deleteTenant(world.ports)({ name: tenant, confirm: tenant }, callerOf(tenant))
    await untilEnded(world)
    const after = new Set(world.all())
    expect(before.filter((text) => !after.has(text) && !/"pk":"RATE#model/.test(text))).toEqual([])
  })

  it('goes on wherever a process ends (tenant-deletion/E2)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(300), { maxLength: 6 }), async (kills) => {
        const world = memoryStores()
        await makeTenant(world.ports, TENANT, PLANTED)
        await begin(world)
        for (const calls of kills) {
          world.killAfter(calls)
          await eraseTenants(world.ports)().catch(() => {})
          world.killAfter(Number.POSITIVE_INFINITY)
          world.pass(5 * MINUTE)
        }
        await untilEnded(world)
        expect(ofTenant(world)).toEqual([])
        const left = world.all().filter((text) => !text.includes('RATE#model:acme'))
        expect(left.join()).not.toContain(TENANT)
      }),
      { numRuns: 20 },
    )
  })

  it('takes what is written while it lasts (tenant-deletion/E1)', async () => {
    for (const minute of [0, 1, 15, 19]) {
      const world = memoryStores()
      await makeTenant(world.ports, TENANT, PLANTED)
      await begin(world)
      for (let at = 0; at < minute; at++) {
        await eraseTenants(world.ports)()
        world.pass(MINUTE)
      }
      await makeTenant(world.ports, TENANT, PLANTED)
      await untilEnded(world)
      expect([minute, ofTenant(world)]).toEqual([minute, []])
    }
  })

  it('does not end while a task of it cannot be ended (tenant-deletion/E1)', async () => {
    const world = memoryStores()
    await makeTenant(world.ports, TENANT, PLANTED)
    await begin(world)
    const stuck = { ...world.ports, deletions: { ...world.ports.deletions, markDeleted: async () => false } }
    for (let at = 0; at < 3 * LATE_WRITES_MINUTES; at++) {
      expect(await eraseTenants(stuck)()).toMatchObject({ underWay: 1, ended: 0 })
      world.pass(MINUTE)
    }
    await untilEnded(world)
    expect(ofTenant(world)).toEqual([])
  })

  it('may be run by several at once', async () => {
    const world = memoryStores()
    await makeTenant(world.ports, TENANT, PLANTED)
    await begin(world)
    for (let minute = 0; minute < 3 * LATE_WRITES_MINUTES; minute++) {
      await Promise.all([1, 2, 3].map(() => eraseTenants(world.ports)()))
      world.pass(MINUTE)
    }
    await untilEnded(world)
    expect(ofTenant(world)).toEqual([])
  })

  it('refuses its callers while it lasts, and its keys are gone (tenant-deletion/E3)', async () => {
    const world = memoryStores()
    const { ports } = world
    await makeTenant(ports, TENANT, PLANTED)
    const refuse = refuseCallersOfDeleted(ports)
    await refuse(CALLER)
    await begin(world)
    world.pass(11_000)
    await expect(refuse(CALLER)).rejects.toThrow('the tenant "acme" is being deleted since 2026-')
    await refuse(callerOf('acme-2'))
    await eraseTenants(ports)()
    expect(await ports.keys.findKey('keyacme')).toBeUndefined()
    expect(await withinTenant(ports, TENANT).workflows.listWorkflows()).toEqual([])
    await untilEnded(world)
    await refuse(CALLER)
  })

  it('is begun by its name, said twice, and by none but its own administrators and those of default', async () => {
    const { ports } = memoryStores()
    const ask = deleteTenant(ports)
    await expect(ask({ name: TENANT }, CALLER)).rejects.toThrow('say confirm=acme')
    await expect(ask({ name: TENANT, confirm: 'acm' }, CALLER)).rejects.toThrow('say confirm=acme')
    await expect(ask({ name: TENANT, confirm: TENANT }, callerOf('other'))).rejects.toThrow(
      'there is no tenant acme',
    )
    const own = callerOf(DEFAULT_TENANT)
    await expect(ask({ name: DEFAULT_TENANT, confirm: DEFAULT_TENANT }, own)).rejects.toThrow(
      'the tenant "default" is that of the installation itself',
    )
    await expect(ask({ name: TENANT, confirm: TENANT }, { ...own, scopes: ['tasks:write'] })).rejects.toThrow(
      'there is no tenant',
    )
    expect((await ask({ name: TENANT, confirm: TENANT }, own)).status).toBe('deleting')
    // Asked again, it is the same deletion.
    expect(await ask({ name: TENANT, confirm: TENANT }, CALLER)).toMatchObject({
      status: 'deleting',
      own: true,
    })
  })
})
