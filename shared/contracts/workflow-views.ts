import * as z from 'zod'
import { WorkflowSchema } from '../workflow/schema.ts'

export const WorkflowViewSchema = z.object({
  name: z.string(),
  version: z.number(),
  description: z.string(),
  taskTypes: z.array(z.string()),
  steps: z.array(z.string()),
  stateMachineArn: z.string(),
  origin: z
    .enum(['deployment', 'api'])
    .describe('Who brings its versions: the deployment, or callers by PUT /workflows/{name}'),
})
export type WorkflowView = z.infer<typeof WorkflowViewSchema>

export const WorkflowOfTaskViewSchema = z.object({
  taskId: z.string(),
  name: z.string(),
  version: z.number(),
  definition: WorkflowSchema,
})
