import * as z from 'zod'
import { JsonSchema } from '../_support/schemas.ts'

/** The source limit of one text, in characters. */
export const MOST_CODE = 100_000
export const MOST_SECONDS = 120
export const MOST_MEMORY_MB = 128

export const RunSchema = z.object({
  language: z
    .enum(['javascript', 'typescript'])
    .default('javascript')
    .describe('Of TypeScript the types are taken off; code.check is what checks them'),
  code: z
    .string()
    .min(1)
    .max(MOST_CODE)
    .describe(
      'An ES module, whose default export is the output (a function is called with the input), or a function body with `return`',
    ),
  tests: z
    .string()
    .max(MOST_CODE)
    .optional()
    .describe(
      'Tests in the form of Vitest and Jest (test, describe, expect, assert): they see the names of the code, or import them from "./code.js"',
    ),
  input: JsonSchema.optional().describe('Any JSON value; the code sees it as `input`'),
  timeoutSeconds: z.number().min(1).max(MOST_SECONDS).default(10),
  memoryMb: z.number().int().min(8).max(MOST_MEMORY_MB).default(64),
})
export type RunInput = z.output<typeof RunSchema>

const FaultSchema = z.object({
  name: z.string().describe('Such as SyntaxError, TimeoutError, OutOfMemoryError'),
  message: z.string(),
  at: z.enum(['code', 'tests']).optional(),
  line: z.number().optional(),
  column: z.number().optional(),
})

export const RanSchema = z.object({
  ok: z.boolean().describe('Whether the code ran to its end and every test passed'),
  output: JsonSchema.describe('null where the code has none'),
  stdout: z.string().describe('What the code wrote to its console, at most 64 KB of it'),
  error: FaultSchema.optional(),
  tests: z.array(z.object({ name: z.string(), passed: z.boolean(), message: z.string().optional() })),
})
export type Ran = z.output<typeof RanSchema>
