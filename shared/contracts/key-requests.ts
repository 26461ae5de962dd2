import * as z from 'zod'
import { ScopeSchema } from '../domain/caller-roles.ts'
import { TimeSchema } from './requests.ts'

/** How many live keys a tenant may have. */
export const MOST_KEYS_OF_TENANT = 50
/** Days for which a key is valid where its maker says nothing, and at most. */
export const KEY_DAYS = { usual: 90, most: 366 } as const
/** Seconds for which the former key stays valid after a rotation where nothing is said, and at most. */
export const OVERLAP_SECONDS = { usual: 86_400, most: 7 * 86_400 } as const

/** It is shown on terminals and pages of others. */
const NAME = /^[\p{L}\p{N}\p{P}\p{S}]+( [\p{L}\p{N}\p{P}\p{S}]+)*$/u

const KeyIdSchema = z
  .string()
  .regex(/^[0-9a-z]{26}$/, 'the id of a key is its part between orc_ and the secret: 26 characters')

export const KeyRefSchema = z.strictObject({ id: KeyIdSchema })

export const CreateKeySchema = z.strictObject({
  name: z
    .string()
    .max(100)
    .regex(NAME, 'letters, digits, signs and single spaces, no line breaks')
    .describe('What it is for, as lists show it'),
  scopes: z
    .array(ScopeSchema)
    .min(1)
    .max(20)
    .describe('What its holder may do; each must be one that the caller has'),
  expiresAt: TimeSchema.optional().describe(
    `Until when it is valid: at most ${KEY_DAYS.most} days from now; ${KEY_DAYS.usual} days where it is not said`,
  ),
})

export const RotateKeySchema = KeyRefSchema.extend({
  overlapSeconds: z
    .int()
    .min(0)
    .max(OVERLAP_SECONDS.most)
    .default(OVERLAP_SECONDS.usual)
    .describe('How long the former key stays valid: a day where it is not said, 7 days at most'),
})

export const KeyViewSchema = z.object({
  id: z.string().describe('Opens nothing by itself'),
  name: z.string(),
  tenant: z.string(),
  scopes: z.array(ScopeSchema),
  status: z.enum(['live', 'expired']),
  createdBy: z.string().describe('The subject of the caller that made it'),
  createdAt: z.string(),
  expiresAt: z.string(),
  lastUsedAt: z.string().optional().describe('To the minute; absent until it is used'),
  madeBy: z
    .string()
    .optional()
    .describe('The id of the key that has made it, and with which it ends; absent where somebody else has'),
  replaces: z.string().optional().describe('The id of the key that it replaces'),
  replacedBy: z.string().optional().describe('The id of the key that replaces it'),
})
export type KeyView = z.output<typeof KeyViewSchema>

export const RevokedKeyViewSchema = KeyViewSchema.extend({
  alsoRevoked: z
    .array(z.string())
    .describe('The ids of the keys that it has made, and that these have made: they are revoked with it'),
})
export type RevokedKeyView = z.output<typeof RevokedKeyViewSchema>

export const NewKeyViewSchema = KeyViewSchema.extend({
  key: z.string().describe('The key itself: it is not stored and is never shown again'),
})
export type NewKeyView = z.output<typeof NewKeyViewSchema>
