import * as z from 'zod'
import { FileReferenceSchema } from './file-reference.ts'

/** Leaves room in the planner's prompt for what is said of an earlier plan. */
const MOST_GOAL_CHARACTERS = 3_500
const MOST_FILES = 20
/** The price above which a person looks at a plan, where a goal says nothing else. */
export const DEFAULT_REVIEW_ABOVE_USD = 1

export const GoalTextSchema = z
  .string()
  .min(1)
  .max(
    MOST_GOAL_CHARACTERS,
    `a goal has at most ${MOST_GOAL_CHARACTERS} characters; what it is about belongs into the input, or into files`,
  )
  .refine((text) => text.trim() !== '', 'a goal says in words what is wanted')

/** What a goal brings along, besides its words. */
export const GoalFieldsSchema = {
  input: z
    .record(z.string(), z.json())
    .optional()
    .describe('What the goal is about, as an object; the plan reads it as `$input`'),
  files: z
    .array(FileReferenceSchema)
    .max(MOST_FILES)
    .optional()
    .describe(
      'Uploaded files; the planner reads their beginnings, and the plan gets those that the input does not name as `$input.files`',
    ),
  review: z.boolean().optional().describe('Whether a person looks at the plan before it runs, in any case'),
  reviewAboveUsd: z
    .number()
    .min(0)
    .max(1e6)
    .optional()
    .describe(
      `A plan that may cost more than this waits for a person; ${DEFAULT_REVIEW_ABOVE_USD} by default. A plan that changes something outside always waits`,
    ),
}
