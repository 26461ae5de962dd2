import { defineAgent } from 'orchestrator/agent'
import * as z from 'zod'
import { JsonSchema, RowSchema } from '../_support/schemas.ts'
import { checkRules } from './check-rules.ts'
import { checkSchema } from './check-schema.ts'

const VerdictSchema = z.object({
  valid: z.boolean(),
  checked: z.number(),
  problems: z.array(z.object({ path: z.string(), message: z.string() })),
})

export default defineAgent({
  id: 'validation',
  version: '1.1.0',
  typicalSeconds: 0.1,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Checks values against JSON Schemas and rules.',
  capabilities: {
    'validate.schema': {
      description: 'Every place where a value does not fit a JSON Schema (draft 2020-12).',
      input: z.object({ value: JsonSchema, schema: RowSchema }),
      output: VerdictSchema,
    },
    'validate.rules': {
      description: 'Every rule, a JSONata expression over `$value`, that is not true.',
      input: z.object({
        value: JsonSchema,
        rules: z
          .array(z.object({ name: z.string(), expression: z.string().max(10_000) }))
          .min(1)
          .max(200),
      }),
      output: VerdictSchema,
    },
  },
  limits: { timeoutSeconds: 60, memoryMb: 512 },
  async execute(call) {
    if (call.capability === 'validate.schema') return checkSchema(call.input.value, call.input.schema)
    return checkRules(call.input.value, call.input.rules)
  },
})
