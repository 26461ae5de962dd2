/** The shared state of a task: its keys, their versions, and who has written them. */
import * as z from 'zod'
import { JSONATA_WORDS } from '../jsonata-words.ts'
import { StoredValueSchema } from '../stored-value.ts'

/** The most keys of one task. */
export const MOST_STATE_KEYS = 100
/** The most versions of one key: each stays until its task is removed. */
export const MOST_STATE_VERSIONS = 10_000
/** The largest value, in bytes of JSON. */
export const MOST_STATE_BYTES = 1024 * 1024
/** The most versions of one page of a history. */
export const MOST_STATE_PAGE = 100
/** The most characters of the name of a write that is made once. */
export const MOST_WRITE_NAME = 200

export const StateKeySchema = z
  .string()
  .regex(
    /^[a-z][A-Za-z0-9_]{0,47}$/,
    'a key of the shared state starts with a-z, has letters, digits and _, at most 48 characters',
  )
  .refine(
    (key) => !JSONATA_WORDS.includes(key),
    'this word belongs to the expression language; choose another key',
  )
  .meta({ not: { enum: JSONATA_WORDS } })

/** What happens to a value that was made from another version than the newest (state/U2). */
export const STATE_CONFLICTS = ['reject', 'last-write-wins', 'merge', 'union', 'counter'] as const
export const StateConflictSchema = z.enum(STATE_CONFLICTS)
export type StateConflict = z.infer<typeof StateConflictSchema>

/** The policy of a key that declares none. */
export const DEFAULT_STATE_CONFLICT: StateConflict = 'reject'

/** Who has written a version: a step, in one of its attempts, or a person; or it was copied at a fork. */
export const StateWriterSchema = z.union([
  z.object({ path: z.string(), attempt: z.number().int().min(1) }),
  z.object({ subject: z.string() }),
  z.object({ forkedFrom: z.string().describe('The task that it was copied from') }),
])
export type StateWriter = z.infer<typeof StateWriterSchema>

/** One version of a key. It never changes. */
export const StateVersionSchema = z.object({
  key: z.string(),
  version: z.number().int().min(1).describe('From 1, without gaps'),
  at: z.string(),
  by: StateWriterSchema,
  value: StoredValueSchema.optional().describe('Absent: the key was removed'),
  restored: z.number().int().min(1).optional().describe('The earlier version whose value this one has'),
  write: z
    .string()
    .optional()
    .describe('The name of a write that is made once, with the step that makes it (state/O1)'),
})
export type StateVersion = z.infer<typeof StateVersionSchema>

/**
 * The newest version of each key at one moment; `revision` grows with each version of any key. A key without a version is not among
 * them.
 */
export type StateBoard = { revision: number; heads: ReadonlyMap<string, number> }

/** A named copy of a board's pointers. */
export const StateSnapshotSchema = z.object({
  id: z.string(),
  at: z.string(),
  by: StateWriterSchema,
  revision: z.number().int().min(0),
  versions: z.record(z.string(), z.number().int().min(1)).describe('The version of each key'),
})
export type StateSnapshot = z.infer<typeof StateSnapshotSchema>
