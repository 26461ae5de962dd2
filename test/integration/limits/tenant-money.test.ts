/** The money of a tenant's month at the host's door: with a task's budget, and without one. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as z from 'zod'
import { type AgentContext, defineAgent } from '../../../shared/agent/index.ts'
import { PARTS_OF_MONTH, partOf, usedIn } from '../../../shared/app/limits/month-parts.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import type { DomainEvent } from '../../../shared/domain/event.ts'
import { monthOf } from '../../../shared/domain/quotas.ts'
import type { Ports } from '../../../shared/ports/index.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { silentHost } from '../../support/agents/silent-host.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

const QUOTA = { usdPerMonth: 1 }

let stores: Awaited<ReturnType<typeof startStores>>
let ports: typeof stores.ports
const told: DomainEvent[] = []
beforeAll(async () => {
  stores = await startStores()
  const quotas: Ports['quotas'] = { ...stores.ports.quotas, quotasOf: () => QUOTA }
  const bus: Ports['bus'] = { ...stores.ports.bus, publish: async (events) => void told.push(...events) }
  ports = { ...stores.ports, quotas, bus }
})
afterAll(() => stores.stop())

async function used() {
  const now = ports.clock.now()
  const parts = await Promise.all(
    Array.from({ length: PARTS_OF_MONTH }, (_, at) =>
      ports.money.find(partOf({ tenant: CALLER.tenant, month: monthOf(now), quota: 0 }, at)),
    ),
  )
  const { spent, held } = usedIn(parts, now.getTime() / 1_000)
  return { spentUsd: spent / 1e9, heldUsd: held / 1e9 }
}

let entries = 0

/** A task of one step whose agent may cost so much, and what calls it. */
async function begin(mostUsd: number, task: object = {}) {
  const id = `paid${++entries}`
  const capability = `${id}.do`
  const defined = (work: (context: AgentContext) => Promise<unknown>) =>
    defineAgent({
      id,
      version: '1.0.0',
      description: 'for tests',
      price: { mostUsd, mostTokens: 0 },
      capabilities: { [capability]: { description: '', input: z.any(), output: z.any() } },
      execute: (_call, context) => work(context) as never,
    })
  const { functionArn, registeredAt } = makeAgent({ id })
  const agent = {
    ...defined(async () => null).manifest,
    status: 'active' as const,
    origin: 'api' as const,
    functionArn,
    registeredAt,
  }
  const workflow = await seedWorkflow(ports, { steps: { s: { capability, agent: id } }, agents: [agent] })
  const { taskId } = await submitTask(ports)({ workflow, input: {}, metadata: {}, ...task }, CALLER)
  const invoke = (work: (context: AgentContext) => Promise<unknown>) => {
    const second = new Date(Date.UTC(2026, 0, 1) + 1_000 * ++entries).toISOString()
    const payload = { taskId, path: 's', state: { EnteredTime: second, RetryCount: 0 }, redrives: 0 }
    return silentHost(ports)(defined(work), payload, { id: `m${entries}`, remainingMs: () => 60_000 })
  }
  return { taskId, invoke }
}

it('is held while a step runs, and settled by what it has cost; a budget is held too (month/M1)', async () => {
  const { taskId, invoke } = await begin(0.4, { budgetUsd: 0.5 })
  await invoke(async ({ spend }) => {
    expect(await used()).toEqual({ spentUsd: 0, heldUsd: 0.4 })
    const budget = await ports.budgets.find(taskId)
    expect(budget?.available.nanoUsd).toBe(0.1e9)
    spend({ costUsd: 0.3 })
    return null
  })
  expect(await used()).toEqual({ spentUsd: 0.3, heldUsd: 0 })
  expect((await ports.budgets.find(taskId))?.spent.nanoUsd).toBe(0.3e9)
})

it('refuses a step that does not fit, with nothing held of the budget of its task (month/M3, month/M5)', async () => {
  const { taskId, invoke } = await begin(0.8, { budgetUsd: 2 })
  await expect(invoke(async () => null)).rejects.toMatchObject({
    name: 'BudgetExceededError',
    message: expect.stringMatching(
      /^step "s" may cost 0\.8 USD, and 0\.7 USD are left of the quota of tenant default for 2\d{3}-\d\d, 1 USD \(0 USD held by others\)/,
    ),
  })
  expect((await ports.budgets.find(taskId))?.available.nanoUsd).toBe(2e9)
  const { invoke: again } = await begin(0.8)
  await expect(again(async () => null)).rejects.toMatchObject({ name: 'BudgetExceededError' })
  const period = monthOf(ports.clock.now())
  expect(told.filter(({ type }) => type === 'tenant.quota_reached')).toEqual([
    {
      specversion: '1.0',
      id: `tenant/default/usdPerMonth/${period}/tenant.quota_reached`,
      source: 'orchestrator',
      type: 'tenant.quota_reached',
      subject: 'tenant/default',
      time: expect.any(String),
      dataschema: 'orchestrator:tenant.quota_reached:v1',
      data: { tenant: 'default', quota: 'usdPerMonth', period, limit: 1 },
    },
  ])
  expect(await used()).toEqual({ spentUsd: 0.3, heldUsd: 0 })
})

it('holds nothing where the budget of the task refuses (month/M3)', async () => {
  const { taskId, invoke } = await begin(0.5, { budgetUsd: 0.6 })
  await ports.budgets.close(taskId)
  await expect(invoke(async () => null)).rejects.toMatchObject({ name: 'TaskCancelledError' })
  expect(await used()).toEqual({ spentUsd: 0.3, heldUsd: 0 })
})

it('lets a task without a budget spend what is left, while another waits for what it holds (month/M1, month/M5)', async () => {
  const [one, other] = [await begin(0.6), await begin(0.6)]
  await one.invoke(async ({ spend }) => {
    await expect(other.invoke(async () => null)).rejects.toMatchObject({ name: 'AgentBusyError' })
    spend({ costUsd: 0.05 })
    return null
  })
  await other.invoke(async ({ spend }) => {
    spend({ costUsd: 0.6 })
    return null
  })
  expect(await used()).toEqual({ spentUsd: 0.95, heldUsd: 0 })
})
