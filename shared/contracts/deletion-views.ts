import * as z from 'zod'
import { MOST_TENANT_CHARACTERS, TENANT_PATTERN } from '../domain/tenants.ts'

export const DeletedTaskViewSchema = z.object({
  taskId: z.string(),
  deletedAt: z.string().describe('From then on no route finds it'),
  goneBy: z
    .string()
    .describe('By when everything of it is removed, what late invocations have written included'),
})
export type DeletedTaskView = z.output<typeof DeletedTaskViewSchema>

const TenantNameSchema = z
  .string()
  .max(MOST_TENANT_CHARACTERS)
  .regex(new RegExp(`^${TENANT_PATTERN}$`), 'a tenant is a-z, 0-9 and -, and begins with a letter, e.g. acme')

export const TenantRefSchema = z.strictObject({ name: TenantNameSchema })
export const DeleteTenantSchema = z.strictObject({
  name: TenantNameSchema,
  confirm: z
    .string()
    .max(200)
    .optional()
    .describe('The name of the tenant again: what is deleted does not come back'),
})

export const TenantViewSchema = z.object({
  tenant: z.string(),
  own: z.boolean().describe('Whether it is the tenant of the caller'),
  status: z
    .enum(['active', 'deleting', 'deleted'])
    .describe('`active` also for one of which there is nothing: a tenant is there by what it has'),
  deletion: z
    .object({
      requestedAt: z.string(),
      endedAt: z.string().optional(),
      tasks: z.number().int().describe('How many tasks are found no more'),
      records: z.number().int().describe('How many records of the registry are removed'),
    })
    .optional(),
})
export type TenantView = z.output<typeof TenantViewSchema>
