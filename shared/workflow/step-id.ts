import * as z from 'zod'
import { JSONATA_WORDS } from '../domain/jsonata-words.ts'

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
