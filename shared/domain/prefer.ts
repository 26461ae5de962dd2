import * as z from 'zod'
import { distinct } from './distinct.ts'

/** A tag that agents declare and steps may require: `eu`, `gpu`, `reviewed`. */
export const TagSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._:-]{0,47}$/, 'a tag is a-z, 0-9 and . _ : -, at most 48 characters')

const MICRO = 1e6
/** At least a millionth: smaller weights have no effect, and DynamoDB cannot store arbitrarily small numbers. */
const weight = z
  .number()
  .min(0)
  .max(100)
  .overwrite((wish) => Math.round(wish * MICRO) / MICRO)
  .optional()

/** How a step's agent is chosen. */
export const PreferSchema = z.strictObject({
  quality: weight.describe('How much quality counts; 1 is balanced, 0 not at all'),
  cost: weight.describe('How much money counts'),
  latency: weight.describe('How much time counts'),
  tags: distinct(z.array(TagSchema).max(10))
    .optional()
    .describe('Tags that the agent must have, all of them'),
})
export type Prefer = z.infer<typeof PreferSchema>

/** A step's preferences take precedence over its task's; required tags of both apply. */
export function preferring(ofTask: Prefer | undefined, ofStep: Prefer | undefined): Prefer | undefined {
  if (!ofTask || !ofStep) return ofStep ?? ofTask
  const tags = [...new Set([...(ofTask.tags ?? []), ...(ofStep.tags ?? [])])]
  return { ...ofTask, ...ofStep, ...(tags.length > 0 ? { tags } : {}) }
}
