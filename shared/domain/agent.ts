import * as z from 'zod'
import { CapabilitySchema } from './capability.ts'

export const AgentIdSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,33}$/,
    'an agent id is a-z, 0-9 and dashes, starts with a letter, at most 34 characters',
  )

export const AgentLimitsSchema = z.object({
  timeoutSeconds: z.number().int().min(1).max(840).default(60),
  memoryMb: z.number().int().min(128).max(10_240).default(512),
})

/** What an agent says of itself; the same for ours and for those registered through the API. */
export const AgentManifestSchema = z.object({
  id: AgentIdSchema,
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'a version is MAJOR.MINOR.PATCH'),
  description: z.string().max(500),
  capabilities: z.array(CapabilitySchema).min(1).max(50),
  limits: AgentLimitsSchema.prefault({}),
  price: z.object({ perCallUsd: z.number().min(0).default(0) }).prefault({}),
  deprecated: z
    .boolean()
    .optional()
    .describe(
      'It finishes what it is bound to and gets nothing new; removed after that, it is missed by nobody',
    ),
})

export type AgentManifest = z.infer<typeof AgentManifestSchema>

/**
 * Only `active` agents get new bindings. `deprecated` ones finish what they are bound to; `inactive` ones are gone, and their
 * record stays, so that old tasks can still be read.
 */
export const AgentStatusSchema = z.enum(['active', 'deprecated', 'inactive'])

export const AgentSchema = AgentManifestSchema.extend({
  status: AgentStatusSchema,
  functionArn: z.string().describe('The Lambda function that hosts the agent'),
  origin: z.enum(['deployment', 'api']).describe('Who registered it: this stack, or a caller of the API'),
  registeredAt: z.iso.datetime(),
})

export type Agent = z.infer<typeof AgentSchema>
