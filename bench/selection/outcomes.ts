import { readFileSync } from 'node:fs'
import * as z from 'zod'

/** Real queries, each answered by every model. */
export const OutcomesSchema = z.object({
  models: z.array(z.string()),
  pricePerMillionTokensUsd: z.array(z.number()),
  sizeBillionParameters: z.array(z.number()),
  tasks: z.array(z.string()),
  /** Task, prompt tokens, and each model's quality from 0 to 1. */
  rows: z.array(z.object({ t: z.number(), tok: z.number(), s: z.array(z.number()) })),
})
export type Outcomes = z.output<typeof OutcomesSchema>

export const readOutcomes = (file: string): Outcomes =>
  OutcomesSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
