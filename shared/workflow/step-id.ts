import * as z from 'zod'

/** Reserved words of JSONata: `$steps.and` would not be a path. */
const JSONATA_WORDS = ['and', 'or', 'in', 'true', 'false', 'null', 'function']

export const StepIdSchema = z
  .string()
  .regex(
    /^[a-z][A-Za-z0-9_]{0,47}$/,
    'a step id starts with a-z, has letters, digits and _, at most 48 characters',
  )
  .refine(
    (id) => !JSONATA_WORDS.includes(id),
    'this word belongs to the expression language; choose another id',
  )
  .meta({ not: { enum: JSONATA_WORDS } })
