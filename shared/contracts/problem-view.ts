import * as z from 'zod'
import { IssueSchema } from '../domain/issue.ts'

const RegisteredSchema = z.object({
  registered: z.number(),
  expected: z.number(),
  missing: z
    .array(z.string())
    .optional()
    .describe('The first of those that are missing, where their names are known'),
})

export const ProblemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  requestId: z.string().optional(),
  issues: z.array(IssueSchema).optional(),
  /** How far the registration of a deployment is; with StartingError. */
  starting: z.object({ agents: RegisteredSchema, workflows: RegisteredSchema }).optional(),
})
export type Problem = z.infer<typeof ProblemSchema>
