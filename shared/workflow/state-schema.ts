import * as z from 'zod'
import { ownOf } from '../domain/own.ts'
import {
  DEFAULT_STATE_CONFLICT,
  MOST_STATE_KEYS,
  type StateConflict,
  StateConflictSchema,
  StateKeySchema,
} from '../domain/state/shared-state.ts'

/** What a workflow says of a key of the shared state of its tasks. */
const StateDefinitionSchema = z.strictObject({
  description: z.string().max(500).optional().describe('For people'),
  schema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema of the value; every version is checked against it'),
  conflict: StateConflictSchema.default(DEFAULT_STATE_CONFLICT).describe(
    'What happens to a value that was made from another version than the newest: it is refused (`reject`), it replaces the newest (`last-write-wins`), the changes of both are merged member by member (`merge`; members that both have changed are a conflict), its elements are added to the list (`union`), or its difference is added to the number (`counter`)',
  ),
  initial: z
    .unknown()
    .optional()
    .describe('The value before the first version; without it the key is absent'),
})

export const WorkflowStateSchema = z
  .record(StateKeySchema, StateDefinitionSchema)
  .refine((keys) => Object.keys(keys).length <= MOST_STATE_KEYS, `at most ${MOST_STATE_KEYS} keys`)
  .meta({ maxProperties: MOST_STATE_KEYS })
export type WorkflowState = z.infer<typeof WorkflowStateSchema>
export type StateDefinition = WorkflowState[string]

/** What a step does to the shared state when it has succeeded. */
export const StepStateSchema = z.strictObject({
  set: z
    .record(StateKeySchema, z.unknown())
    .optional()
    .describe(
      'Values by key, with expressions ($output), for keys with `conflict: last-write-wins`, which they replace, or `union`, to which they are added',
    ),
  update: z
    .record(StateKeySchema, z.unknown())
    .optional()
    .describe(
      'Values by key, with expressions that also know `$current`, the newest value: evaluated again whenever another write came first, so that none is lost under any policy',
    ),
})
export type StepState = z.infer<typeof StepStateSchema>

const UNDECLARED: StateDefinition = { conflict: DEFAULT_STATE_CONFLICT }

/** What is said of a key; of one that the workflow does not declare, that a race is refused. */
export const stateDefinition = (
  { state }: { state?: WorkflowState | undefined },
  key: string,
): StateDefinition => ownOf(state, key) ?? UNDECLARED

/** The policies under which a step may `set` a key: those that need no version to compare with. */
export const SETTABLE: readonly StateConflict[] = ['last-write-wins', 'union']
