import * as z from 'zod'
import { USE_DAYS } from '../domain/model-use.ts'
import { TASK_STATUSES } from '../domain/task.ts'
import { TenantSchema } from '../domain/tenant.ts'
import { ModelUseViewSchema } from './model-views.ts'

const RIGHT_MONTH = 'a month is written like 2026-11'

export const UsageRequestSchema = z.strictObject({
  month: z
    .string({ error: RIGHT_MONTH })
    .regex(/^2[0-9]{3}-(0[1-9]|1[0-2])$/, RIGHT_MONTH)
    .optional()
    .describe('The month of the money (UTC); this one by default'),
  tenant: TenantSchema.optional().describe(
    'Another tenant than that of the caller, who is of the tenant `default` and has the scope `admin`',
  ),
})

/** Quotas that are numbers, in the order in which they are shown. */
export const COUNTED_QUOTAS = [
  'requestsPerMinute',
  'tasksPerDay',
  'concurrency',
  'usdPerMonth',
  'agents',
  'workflows',
  'keys',
] as const

export const QuotaUseSchema = z.object({
  quota: z.enum(COUNTED_QUOTAS),
  used: z.number().describe('US dollars of `usdPerMonth`, else a count'),
  reserved: z.number().optional().describe('What steps that run hold, besides'),
  unknown: z
    .number()
    .optional()
    .describe('Of what is used: what steps held that have died, which may have cost less'),
  limit: z.number().optional().describe('Absent where it is unlimited'),
  resetsAt: z.iso.datetime().optional().describe('When it begins anew'),
})
export type QuotaUse = z.infer<typeof QuotaUseSchema>

export const UsageViewSchema = z.object({
  tenant: z.string(),
  at: z.iso.datetime(),
  month: z.string().describe('That of `usdPerMonth` and `money`; everything else is of now'),
  quotas: z.array(QuotaUseSchema).describe('What is limited, and what is counted all the same'),
  allowed: z
    .object({ agents: z.array(z.string()).optional(), capabilities: z.array(z.string()).optional() })
    .optional()
    .describe("Of the stage's agents, where the tenant may not use all"),
  tasks: z.object({
    day: z.string(),
    byStatus: z
      .array(z.object({ status: z.enum(TASK_STATUSES), count: z.number() }))
      .describe('Tasks that were created today (UTC), without children'),
    more: z.boolean().describe('Whether there are more of some status than were counted'),
  }),
  money: z
    .object({ byDay: z.array(z.object({ day: z.string(), usd: z.number() })) })
    .optional()
    .describe('What steps have cost, by the day on which they ended; only where `usdPerMonth` is limited'),
  models: z
    .array(z.object({ name: z.string(), used: ModelUseViewSchema }))
    .describe(`Models of the stage that the tenant has used in the last ${USE_DAYS} days`),
})
export type UsageView = z.infer<typeof UsageViewSchema>
