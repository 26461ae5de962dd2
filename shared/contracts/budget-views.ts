import * as z from 'zod'

/** The rest of a task's budget, with the parts that are limited. */
export const BudgetViewSchema = z.object({
  taskId: z
    .string()
    .optional()
    .describe(
      'The task that owns the budget, when it is another one: child tasks share the budget of their root',
    ),
  usd: z.number().optional(),
  spentUsd: z.number().describe('The cost that agents have reported'),
  reservedUsd: z.number().describe('Reserved by running steps'),
  unknownUsd: z
    .number()
    .optional()
    .describe(
      'Reserved by attempts that were stopped or have crashed without reporting their cost; counts as spent',
    ),
  tokens: z.number().optional(),
  spentTokens: z.number(),
  reservedTokens: z.number(),
  unknownTokens: z.number().optional(),
})
