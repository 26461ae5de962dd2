/**
 * What the tenants of a stage may use.
 *
 * Invariants (tests cite them):
 * quotas/Q1 a tenant has what its own entry says; what that does not say is as in the entry `*`, and unlimited where neither says it
 * quotas/Q2 a minute, a day and a month are those of UTC, and begin for all tenants at the same instant
 */
import * as z from 'zod'

/** The entry of every tenant for what its own does not say. No tenant is called so. */
export const EVERY_TENANT = '*'
export const UNLIMITED = 'unlimited'

const MOST_COUNT = 1_000_000_000
const MOST_USD = 1_000_000
const MOST_ALLOWED = 50

const RIGHT_USD = `US dollars, 0 or from 0.01 to ${MOST_USD}, e.g. 250, or ${UNLIMITED}`
const RIGHT_NAME =
  'the id of an agent or the name of a capability, with * for any characters at its end, e.g. text.*'
const RIGHT_NAMES = `a list, e.g. [echo, text.*]; ${RIGHT_NAME}`

const RIGHT_KEY = `a tenant, e.g. acme, or "${EVERY_TENANT}" for what holds where a tenant's own entry says nothing`
const RIGHT_TENANTS = 'quotas by tenant, e.g. { "*": { requestsPerMinute: 600 }, acme: { usdPerMonth: 250 } }'

function count(least: number, most: number, example: number) {
  const error = `a whole number from ${least} to ${most}, e.g. ${example}, or ${UNLIMITED}`
  return z
    .union([z.int({ error }).min(least, { error }).max(most, { error }), z.literal(UNLIMITED)], { error })
    .optional()
}

const names = () =>
  z
    .union(
      [
        z
          .array(z.string({ error: RIGHT_NAME }).regex(/^[a-z][a-z0-9.-]{0,63}\*?$/, RIGHT_NAME), {
            error: RIGHT_NAMES,
          })
          .max(MOST_ALLOWED, `at most ${MOST_ALLOWED} names`),
        z.literal(UNLIMITED),
      ],
      { error: RIGHT_NAMES },
    )
    .optional()

/** The quotas of one tenant, each of them optional. */
export const QuotasSchema = z.strictObject({
  requestsPerMinute: count(1, MOST_COUNT, 600).describe('Requests that the API answers in a minute'),
  tasksPerDay: count(0, MOST_COUNT, 1_000).describe('Tasks that are submitted or forked in a day'),
  concurrency: count(1, 10_000, 10).describe(
    'Tasks that run concurrently; further ones are queued. What `tenantConcurrency` says where neither entry says it',
  ),
  usdPerMonth: z
    .union(
      [
        z
          .number({ error: RIGHT_USD })
          .min(0, RIGHT_USD)
          .max(MOST_USD, RIGHT_USD)
          .refine((usd) => usd === 0 || usd >= 0.01, RIGHT_USD),
        z.literal(UNLIMITED),
      ],
      { error: RIGHT_USD },
    )
    .optional()
    .describe('What the steps of its tasks may cost in a month, in US dollars: 0, or 0.01 and more'),
  agents: count(0, 10_000, 20).describe('Agents that it may have registered'),
  workflows: count(0, 10_000, 50).describe('Workflows that it may have registered, whatever their versions'),
  keys: count(0, 100, 10).describe('Live API keys'),
  allowedAgents: names().describe("Which of the stage's agents it may use; its own it always may"),
  allowedCapabilities: names().describe(
    "Which capabilities of the stage's agents it may use: an agent that offers one of them is allowed",
  ),
})

/** What is written in a stage: the quotas of tenants by their names, and of all others under `*`. */
export const TenantsSchema = z.record(
  z.string().regex(/^(\*|[a-z][a-z0-9-]{0,39})$/, RIGHT_KEY),
  QuotasSchema,
  { error: ({ code }) => (code === 'invalid_key' ? RIGHT_KEY : RIGHT_TENANTS) },
)
export type WrittenQuotas = z.output<typeof QuotasSchema>
export type Tenants = z.output<typeof TenantsSchema>

export type QuotaName = keyof WrittenQuotas
export const QUOTA_NAMES = Object.keys(QuotasSchema.shape) as QuotaName[]

/** The quotas that hold for a tenant; what is absent is unlimited. */
export type QuotasOfTenant = {
  readonly [Name in QuotaName]?: Exclude<WrittenQuotas[Name], typeof UNLIMITED | undefined>
}

/** The quotas of a tenant (quotas/Q1). `concurrency`: the stage's `tenantConcurrency`. */
export function quotasOf(
  tenants: Tenants,
  tenant: string,
  { concurrency }: { concurrency?: number | undefined } = {},
): QuotasOfTenant {
  const own = Object.hasOwn(tenants, tenant) ? tenants[tenant] : undefined
  const all = { concurrency, ...said(tenants[EVERY_TENANT]), ...said(own) }
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== UNLIMITED),
  )
}

const said = (written: WrittenQuotas = {}): WrittenQuotas =>
  Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined))

/** The same tenants with only these quotas of each; entries that have none of them are left out, unless they make something unlimited. */
export function narrowed(tenants: Tenants, wanted: readonly QuotaName[]): Tenants {
  const some = Object.entries(tenants).map(([tenant, quotas]): [string, WrittenQuotas] => [
    tenant,
    Object.fromEntries(Object.entries(quotas).filter(([name]) => wanted.includes(name as QuotaName))),
  ])
  return Object.fromEntries(some.filter(([, quotas]) => Object.keys(quotas).length > 0))
}

/** Whether some tenant has this quota. */
export const isLimited = (tenants: Tenants, name: QuotaName): boolean =>
  Object.values(tenants).some((quotas) => quotas[name] !== undefined && quotas[name] !== UNLIMITED)

/** Whether a tenant with these quotas may use an agent of the stage. */
export function mayUse(
  { allowedAgents, allowedCapabilities }: QuotasOfTenant,
  { id, capabilities }: { id: string; capabilities: readonly { name: string }[] },
): boolean {
  if (allowedAgents !== undefined && !allowedAgents.some((name) => fits(name, id))) return false
  return (
    allowedCapabilities === undefined ||
    allowedCapabilities.some((name) => capabilities.some((offered) => fits(name, offered.name)))
  )
}

const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name

/** `2026-11-29T13:40`, `2026-11-29`, `2026-11` (quotas/Q2). */
export const minuteOf = (at: Date): string => at.toISOString().slice(0, 16)
export const dayOf = (at: Date): string => at.toISOString().slice(0, 10)
export const monthOf = (at: Date): string => at.toISOString().slice(0, 7)

/** When the next minute, day or month begins. */
export function nextMinute(at: Date): Date {
  return new Date((Math.floor(at.getTime() / 60_000) + 1) * 60_000)
}
export function nextDay(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1))
}
export function nextMonth(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1))
}

/** Whole seconds until then, at least 1: what `Retry-After` says. */
export const secondsTo = (then: Date, now: Date): number =>
  Math.max(1, Math.ceil((then.getTime() - now.getTime()) / 1_000))
