import * as z from 'zod'
import {
  MOST_STATE_PAGE,
  StateConflictSchema,
  StateKeySchema,
  StateWriterSchema,
} from '../domain/state/shared-state.ts'
import { wholeNumber } from './list-requests.ts'
import { AnyJsonSchema, TaskIdSchema, TimeSchema } from './requests.ts'

const ref = { id: TaskIdSchema }
const keyRef = { ...ref, key: StateKeySchema.describe('The key') }

export const StateRefSchema = z.strictObject(ref)

export const StateKeyRefSchema = z.strictObject({
  ...keyRef,
  version: wholeNumber(1, 99_999_999).optional().describe('Another version than the newest'),
})

export const ListStateHistorySchema = z.strictObject({
  ...keyRef,
  before: wholeNumber(1, 99_999_999).optional().describe('Only versions below this one'),
  limit: wholeNumber(1, MOST_STATE_PAGE).default(20).describe('Page size; at most 100'),
})

export const PutStateSchema = z.strictObject({
  ...keyRef,
  value: AnyJsonSchema,
  ifMatch: z
    .string()
    .regex(/^"?[0-9]{1,8}"?$/, 'If-Match is the number of a version, 0 for none')
    .optional()
    .describe(
      'The version that it was made from: refused where the newest is another. Without it the newest is replaced',
    ),
})

export const MakeSnapshotSchema = z.strictObject(ref)

export const RestoreStateSchema = z
  .strictObject({
    ...ref,
    at: TimeSchema.optional().describe('To what it was at this time'),
    snapshot: z.string().min(1).max(64).optional().describe('To what this snapshot has'),
  })
  .refine(
    ({ at, snapshot }) => (at === undefined) !== (snapshot === undefined),
    'give one of "at" and "snapshot"',
  )
  .meta({
    if: { required: ['at'] },
    then: { not: { required: ['snapshot'] } },
    else: { required: ['snapshot'] },
  })

/** A version of a key. */
export const StateVersionViewSchema = z.object({
  key: z.string(),
  version: z.number().int().describe('From 1, without gaps; 0: the initial value of the workflow'),
  conflict: StateConflictSchema.describe('The policy of the key'),
  value: AnyJsonSchema.optional().describe('Absent where the key was removed'),
  bytes: z
    .number()
    .int()
    .optional()
    .describe(
      'Only where the value is left out, because the others fill the answer: how large it is. Read the key alone',
    ),
  at: z.string().optional(),
  by: StateWriterSchema.optional(),
  restored: z.number().int().optional().describe('The earlier version whose value this one has'),
})
export type StateVersionView = z.output<typeof StateVersionViewSchema>

export const StateViewSchema = z.object({
  taskId: z.string(),
  revision: z.number().int().describe('Grows with each version of any key'),
  keys: z
    .array(StateVersionViewSchema)
    .describe('The newest version of each key, by name, all of one moment'),
})
export type StateView = z.output<typeof StateViewSchema>

export const StateHistorySchema = z.object({
  taskId: z.string(),
  key: z.string(),
  versions: z.array(StateVersionViewSchema).describe('The newest first'),
  before: z
    .number()
    .int()
    .optional()
    .describe('Goes into `before` for the next page; absent on the last one'),
})
export type StateHistory = z.output<typeof StateHistorySchema>

export const SnapshotViewSchema = z.object({
  id: z.string(),
  taskId: z.string(),
  at: z.string(),
  revision: z.number().int(),
  versions: z.record(z.string(), z.number().int()).describe('The version of each key'),
})
export type SnapshotView = z.output<typeof SnapshotViewSchema>

export const RestoredSchema = z.object({
  taskId: z.string(),
  restored: z
    .array(z.object({ key: z.string(), from: z.number().int(), version: z.number().int() }))
    .describe(
      'The keys that have changed: from which version, and the new one; `from` 0: the key had no value then',
    ),
})
export type Restored = z.output<typeof RestoredSchema>
