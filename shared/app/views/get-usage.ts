/**
 * What a tenant has used.
 *
 * Invariants (tests cite them):
 * usage/W1 a caller sees the usage of its own tenant; only one of the tenant `default` with the scope `admin` sees that of others
 * usage/W2 what is told as used and reserved is what refusals count by
 */
import type * as z from 'zod'
import type { QuotaUse, UsageRequestSchema, UsageView } from '../../contracts/usage-views.ts'
import { isLive } from '../../domain/api-key.ts'
import { amountOf, usdOf } from '../../domain/budget.ts'
import { type Caller, DEFAULT_TENANT, mayDo } from '../../domain/caller.ts'
import { compareIds } from '../../domain/compare-ids.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import {
  dayOf,
  minuteOf,
  monthOf,
  nextDay,
  nextMinute,
  nextMonth,
  type QuotaName,
  type QuotasOfTenant,
} from '../../domain/quotas.ts'
import { TASK_STATUSES, type TaskStatus } from '../../domain/task.ts'
import { isOwn, registryName } from '../../domain/tenants.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { KeptMoney, Ports } from '../../ports/index.ts'
import { PARTS_OF_MONTH, partOf, usedIn } from '../limits/month-parts.ts'
import { withinTenant } from '../tenants/within-tenant.ts'

type Needs = Pick<
  Ports,
  'tasks' | 'agents' | 'workflows' | 'keys' | 'limits' | 'quotas' | 'money' | 'modelUsage' | 'clock'
> & {
  /** The models of the stage. */
  stageModels?: Readonly<Record<string, unknown>>
}

/** Throws ForbiddenError for another tenant. */
export const getUsage =
  (all: Needs) =>
  async (
    { month: asked, tenant: wanted }: z.output<typeof UsageRequestSchema>,
    caller: Caller,
  ): Promise<UsageView> => {
    const tenant = tenantFor(caller, wanted)
    const ports = withinTenant(all, tenant)
    const now = ports.clock.now()
    const month = asked ?? monthOf(now)
    const quotas = ports.quotas.quotasOf(tenant)
    const [uses, parts, tasks, models] = await Promise.all([
      countedUses(ports, { tenant, quotas, now }),
      quotas.usdPerMonth === undefined ? [] : partsOfMonth(ports, tenant, month),
      tasksToday(ports, tenant, now),
      modelsUsed(ports, tenant),
    ])
    const money = quotas.usdPerMonth === undefined ? [] : [moneyUse(parts, quotas.usdPerMonth, month, now)]
    const { allowedAgents, allowedCapabilities } = quotas
    const shown = [...uses, ...money].filter(
      ({ quota, limit }) => limit !== undefined || ALWAYS.includes(quota),
    )
    return {
      tenant,
      at: now.toISOString(),
      month,
      quotas: shown,
      ...((allowedAgents ?? allowedCapabilities)
        ? {
            allowed: withoutUndefined({
              agents: allowedAgents && [...allowedAgents],
              capabilities: allowedCapabilities && [...allowedCapabilities],
            }),
          }
        : {}),
      tasks,
      ...(quotas.usdPerMonth === undefined ? {} : { money: { byDay: byDay(parts) } }),
      models,
    }
  }

/** Counted whether they are limited or not. */
const ALWAYS: readonly QuotaName[] = ['agents', 'workflows', 'keys']

/** usage/W1 */
function tenantFor(caller: Caller, wanted: string | undefined): string {
  if (wanted === undefined || wanted === caller.tenant) return caller.tenant
  if (caller.tenant === DEFAULT_TENANT && mayDo(caller, 'admin')) return wanted
  const message = `the usage of tenant "${wanted}" is for callers of the tenant "${DEFAULT_TENANT}" with the scope "admin"; this caller is of tenant "${caller.tenant}"`
  throw new OrchestratorError('ForbiddenError', message)
}

type Of = { tenant: string; quotas: QuotasOfTenant; now: Date }

async function countedUses(ports: Needs, { tenant, quotas, now }: Of): Promise<QuotaUse[]> {
  const [agents, workflows, keys, running, counted] = await Promise.all([
    ports.agents.listAgents(),
    ports.workflows.listWorkflows(),
    ports.keys.listKeys(tenant),
    ports.limits.countSlots([`tenant:${tenant}`]),
    isCounted(quotas) ? ports.quotas.usedOf(tenant, minuteOf(now), dayOf(now)) : { requests: 0, tasks: 0 },
  ])
  const own = agents.filter(
    ({ id, origin, status }) => status !== 'inactive' && isOwn({ name: id, origin }, tenant),
  )
  const ownWorkflows = workflows.filter((one) =>
    isOwn({ name: registryName(one), origin: one.origin }, tenant),
  )
  const use = (quota: Exclude<QuotaUse['quota'], 'usdPerMonth'>, used: number, resetsAt?: Date): QuotaUse =>
    withoutUndefined({ quota, used, limit: quotas[quota], resetsAt: resetsAt?.toISOString() })
  return [
    use('requestsPerMinute', counted.requests, nextMinute(now)),
    use('tasksPerDay', counted.tasks, nextDay(now)),
    use('concurrency', running.get(`tenant:${tenant}`) ?? 0),
    use('agents', own.length),
    use('workflows', ownWorkflows.length),
    use('keys', keys.filter((key) => isLive(key, now)).length),
  ]
}

const isCounted = ({ requestsPerMinute, tasksPerDay }: QuotasOfTenant): boolean =>
  requestsPerMinute !== undefined || tasksPerDay !== undefined

const partsOfMonth = ({ money }: Needs, tenant: string, month: string): Promise<(KeptMoney | undefined)[]> =>
  Promise.all(
    Array.from({ length: PARTS_OF_MONTH }, (_, at) => money.find(partOf({ tenant, month, quota: 0 }, at))),
  )

function moneyUse(
  parts: readonly (KeptMoney | undefined)[],
  limit: number,
  month: string,
  now: Date,
): QuotaUse {
  const { spent, held, overdue } = usedIn(parts, now.getTime() / 1_000)
  return {
    quota: 'usdPerMonth',
    used: usdOf({ nanoUsd: spent }),
    reserved: usdOf({ nanoUsd: held }),
    ...(overdue > 0 ? { unknown: usdOf({ nanoUsd: overdue }) } : {}),
    limit: usdOf(amountOf({ usd: limit })),
    resetsAt: nextMonth(new Date(`${month}-01T00:00:00Z`)).toISOString(),
  }
}

function byDay(parts: readonly (KeptMoney | undefined)[]): { day: string; usd: number }[] {
  const sums = new Map<string, number>()
  for (const part of parts)
    for (const [day, nanoUsd] of part?.days ?? []) sums.set(day, (sums.get(day) ?? 0) + nanoUsd)
  return [...sums]
    .map(([day, nanoUsd]) => ({ day, usd: usdOf({ nanoUsd }) }))
    .sort((a, b) => compareIds(a.day, b.day))
}

const PAGE = 100
const MOST_PAGES = 10

async function tasksToday({ tasks }: Needs, tenant: string, now: Date): Promise<UsageView['tasks']> {
  const day = dayOf(now)
  const from = `${day}T00:00:00.000Z`
  const counts = await Promise.all(
    TASK_STATUSES.map(async (status: TaskStatus) => {
      let [count, cursor] = [0, undefined as string | undefined]
      for (let pages = 0; pages < MOST_PAGES; pages++) {
        const page = await tasks.listTasks(
          withoutUndefined({ tenant, status, from, parent: null, limit: PAGE, cursor }),
        )
        count += page.tasks.length
        cursor = page.cursor
        if (cursor === undefined) break
      }
      return { status, count, more: cursor !== undefined }
    }),
  )
  return {
    day,
    byStatus: counts.filter(({ count }) => count > 0).map(({ status, count }) => ({ status, count })),
    more: counts.some(({ more }) => more),
  }
}

async function modelsUsed(
  { modelUsage, stageModels = {} }: Needs,
  tenant: string,
): Promise<UsageView['models']> {
  const uses = await modelUsage.usesOf(Object.keys(stageModels), tenant)
  return [...uses]
    .filter(([, { calls }]) => calls > 0)
    .map(([name, used]) => ({ name, used }))
    .sort((a, b) => compareIds(a.name, b.name))
}
