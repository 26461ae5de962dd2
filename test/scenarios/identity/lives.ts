import { createHash, randomInt } from 'node:crypto'
import { expect } from 'vitest'
import type { Client } from '../../../shared/client/index.ts'
import { METADATA_PATH } from '../../../shared/contracts/resource-metadata.ts'
import { hostedName } from '../../../shared/domain/agent-function.ts'
import { partsOfKey } from '../../../shared/domain/api-key.ts'
import { type AuditEntry, ChainCheck } from '../../../shared/domain/audit.ts'
import { send } from '../send.ts'
import { type IdentityDoor, WORKFLOW } from './identity-door.ts'
import { FURTHER_REFUSALS, type IdentityScenario, REFUSALS } from './refusals.ts'

/** A tenant that nobody has had before: an account may have been tested already. */
const newTenant = (): string => `tested-${randomInt(1e9)}`

const expectRefused = async ({ ask }: IdentityDoor, secret: string): Promise<void> => {
  const { status, body } = await ask('GET', '/tasks', secret)
  expect([status, body.type]).toEqual([401, 'urn:orchestrator:UnauthorizedError'])
}

/** What holds at the door for tokens and keys of every deployment, besides what it refuses. */
const LIVES: IdentityScenario[] = [
  {
    name: 'tells who has no token which issuers give some',
    async run({ url, signer }) {
      const response = await send(new Request(`${url}${METADATA_PATH}`))
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({
        resource: expect.stringMatching(/^https?:/),
        authorization_servers: expect.arrayContaining([signer.issuer]),
      })
    },
  },
  {
    name: 'refuses a token that has ended, also while the authorizer’s answer is kept (door/D3)',
    async run({ ask, signer }) {
      const token = await signer.token({ exp: Math.floor(Date.now() / 1_000) + 4 })
      const status = async () => (await ask('GET', '/tasks', token)).status
      expect(await status()).toBe(200)
      await expect.poll(status, { timeout: 15_000, interval: 200 }).toBe(401)
    },
  },
  {
    name: 'asks also those whose request fits no route',
    async run({ ask, wrong, signer }) {
      expect((await ask('GET', '/tasks/x/y/z', wrong.expired)).status).toBe(401)
      expect((await ask('GET', '/nothing')).status).toBe(401)
      expect((await ask('GET', '/nothing', await signer.token())).status).toBe(404)
    },
  },
  {
    name: 'opens to a key for what its scopes say, within its tenant',
    run: livesOfKeys,
  },
  {
    name: 'keeps two tenants apart that call everything the same',
    run: tenantsSideBySide,
  },
  {
    name: 'has another person than the submitter decide, and records who it was, whatever a body says',
    run: fourEyes,
  },
  {
    name: 'leaves an audit of each tenant, refusals too, whose chain is whole',
    async run(door) {
      const tenant = newTenant()
      const [ask, weak] = [await door.as(tenant), await door.as(tenant, { scope: 'tasks:read', sub: 'weak' })]
      await ask('createKey', { name: 'audited', scopes: ['tasks:read'] })
      await expect(weak('createKey', { name: 'refused', scopes: ['tasks:read'] })).rejects.toThrow(
        'keys:write',
      )
      const entries = async () => (await ask('listAudit', { order: 'oldest', limit: 100 })).entries
      const outcomes = async () => (await entries()).map(({ action, outcome }) => `${action} ${outcome}`)
      const both = ['createKey done', 'createKey refused']
      await expect
        .poll(async () => (await outcomes()).sort(), { timeout: 120_000, interval: 500 })
        .toEqual(both)
      expectWhole(await entries())
    },
  },
]

/** Every scenario of the door for tokens and keys but the last. */
export const IDENTITY: readonly IdentityScenario[] = [...LIVES, FURTHER_REFUSALS, ...REFUSALS]

/** The last: where a minute is a minute, others run between. */
export const AFTER_A_MINUTE: IdentityScenario = {
  name: 'refuses a key within a minute of its being revoked',
  async run(door) {
    const { ask, revoked } = door
    if (!revoked) throw new Error('no key was revoked: the scenarios of IDENTITY come first')
    await door.passMinute(revoked.at)
    for (const key of revoked.gone) await expectRefused(door, key)
    for (const key of revoked.live) expect((await ask('GET', '/tasks', key)).status).toBe(200)
  },
}

function expectWhole(entries: readonly AuditEntry[]): void {
  const check = new ChainCheck((text) => createHash('sha256').update(text).digest('hex'))
  expect([check.check(entries), check.end(), check.last.sequence]).toEqual([
    undefined,
    undefined,
    entries.length,
  ])
}

async function livesOfKeys(door: IdentityDoor): Promise<void> {
  const { ask, owned } = door
  const person = await door.as('acme')
  const make = (scopes: ['tasks:read'] | ['admin']) => person('createKey', { name: 'lives', scopes })
  const [reads, all, rotated] = [
    await make(['tasks:read']),
    await make(['admin']),
    await make(['tasks:read']),
  ]
  expect((await ask('GET', `/tasks/${owned.taskId}`, reads.key)).status).toBe(200)
  expect((await ask('POST', '/tasks', reads.key, { workflow: WORKFLOW })).status).toBe(403)
  const foreign = await door.as(newTenant())
  const { key } = await foreign('createKey', { name: 'lives', scopes: ['admin'] })
  expect((await ask('GET', `/tasks/${owned.taskId}`, key)).status).toBe(404)

  // An id opens nothing, nor does a part of a key, nor the secret of another.
  const [id, secret] = [reads.id, partsOfKey(all.key)?.secret]
  for (const text of [
    id,
    `orc_${id}`,
    `orc_${id}_${'A'.repeat(43)}`,
    `orc_${id}_${secret}`,
    all.key.slice(0, -1),
  ])
    await expectRefused(door, text)

  // Its check is kept, as that of the one to be revoked.
  expect((await ask('GET', '/tasks', rotated.key)).status).toBe(200)
  const next = await person('rotateKey', { id: rotated.id, overlapSeconds: 0 })
  expect((await ask('GET', '/tasks', next.key)).status).toBe(200)
  await person('revokeKey', { id: reads.id })
  door.revoked = { gone: [reads.key, rotated.key], live: [all.key, next.key], at: Date.now() }
  const listed = (await person('listKeys')).keys.map((one) => one.id)
  expect(listed).toEqual(expect.arrayContaining([all.id, next.id]))
  expect(listed).not.toContain(reads.id)
}

async function fourEyes({ as, ask }: IdentityDoor): Promise<void> {
  const tenant = newTenant()
  const [grace, linus] = [await as(tenant, { sub: 'grace' }), await as(tenant, { sub: 'linus' })]
  const approval = { prompt: 'Go?', timeoutSeconds: 3_600, notBy: 'submitter' as const }
  const { taskId } = await grace('submitTask', { workflow: { name: 'asks', steps: { ask: { approval } } } })
  const isAsked = async () => (await grace('listApprovals')).approvals.length
  await expect.poll(isAsked, { timeout: 60_000, interval: 500 }).toBe(1)
  const answer = { decision: 'approve', by: 'somebody else' }
  // A key is who has made it.
  const { key } = await grace('createKey', { name: 'hers', scopes: ['tasks:approve'] })
  const path = `/tasks/${taskId}/approvals/ask`
  expect((await ask('POST', path, key, answer)).status).toBe(403)
  const own = grace('answerApproval', { id: taskId, stepId: 'ask', ...answer })
  await expect(own).rejects.toMatchObject({ status: 403 })
  await linus('answerApproval', { id: taskId, stepId: 'ask', ...answer })
  await untilEnded(grace, taskId)
  expect(await grace('getTaskResult', { id: taskId })).toMatchObject({
    result: { ask: { decision: 'approve', by: 'linus' } },
  })
}

const mark = (tenant: string): string => `mark-of-${tenant}`

/** The same names of an agent, a workflow and a task. */
async function work(ask: Client, tenant: string): Promise<string> {
  const echo = await ask('getAgent', { id: 'echo' })
  const { version, capabilities } = echo
  const described = { id: 'mine', version, capabilities, description: mark(tenant) }
  // The name of a function says whose it is (function/F1); nothing calls this one.
  await expect(ask('registerAgent', { ...described, functionArn: echo.functionArn })).rejects.toMatchObject({
    status: 400,
  })
  const functionArn = echo.functionArn.replace(/agent-echo(_\d+)?$/, hostedName(tenant, 'mine'))
  await ask('registerAgent', { ...described, functionArn })
  const steps = { say: { agent: 'echo', input: { said: mark(tenant) } } }
  await ask('putWorkflow', { name: 'report', workflow: { name: 'report', version: 1, steps } })
  const task = { workflow: 'report@1', input: {}, idempotencyKey: 'the same' }
  const { taskId } = await ask('submitTask', task)
  expect((await ask('submitTask', task)).taskId).toBe(taskId)
  await untilEnded(ask, taskId)
  expect(await ask('getTaskResult', { id: taskId })).toMatchObject({
    result: { say: { said: mark(tenant) } },
  })
  return taskId
}

async function tenantsSideBySide(door: IdentityDoor): Promise<void> {
  const tenants = [newTenant(), newTenant()] as const
  const asks = await Promise.all(tenants.map((tenant) => door.as(tenant)))
  const ids = await Promise.all(asks.map((ask, at) => work(ask, tenants[at] ?? '')))
  for (const [at, ask] of asks.entries()) {
    const [tenant, other] = [tenants[at] ?? '', tenants[1 - at] ?? '']
    const { tasks } = await ask('listTasks')
    expect(tasks.map(({ taskId }) => taskId)).toEqual([ids[at]])
    expect(await ask('getAgent', { id: 'mine' })).toMatchObject({ id: 'mine', description: mark(tenant) })
    const seen = [tasks, await ask('listAgents'), await ask('listWorkflows'), await ask('listAudit')]
    const { events } = await ask('listTaskEvents', { id: ids[at] ?? '' })
    expect(JSON.stringify([seen, events])).not.toContain(other)
    const { tenant: counted, tasks: today } = await ask('getUsage')
    const created = today.byStatus.reduce((sum, { count }) => sum + count, 0)
    expect([counted, created]).toEqual([tenant, 1])
    await expect(ask('getUsage', { tenant: other })).rejects.toMatchObject({ status: 403 })
    await expect(ask('getTask', { id: ids[1 - at] ?? '' })).rejects.toMatchObject({ status: 404 })
    await expect(ask('cancelTask', { id: ids[1 - at] ?? '' })).rejects.toMatchObject({ status: 404 })
  }
}

async function untilEnded(ask: Client, id: string): Promise<void> {
  const isOpen = async () =>
    ['queued', 'planning', 'running', 'waiting'].includes((await ask('getTaskStatus', { id })).status)
  await expect.poll(isOpen, { timeout: 120_000, interval: 300 }).toBe(false)
}
