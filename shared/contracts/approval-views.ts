import * as z from 'zod'
import { ApprovalSchema, ShownApprovalSchema } from '../domain/approval.ts'
import { ParentSchema } from '../domain/task.ts'

export const ApprovalViewSchema = z.object({
  taskId: z.string(),
  stepId: z.string(),
  decision: z.string(),
  by: z.string(),
  comment: z.string().optional(),
  at: z.string(),
  edited: ShownApprovalSchema.shape.answer.unwrap().shape.edited,
  madeBy: ApprovalSchema.shape.answer.unwrap().shape.madeBy,
})
export type ApprovalView = z.infer<typeof ApprovalViewSchema>

/** An approval that has not been answered yet. */
export const OpenApprovalViewSchema = z.object({
  taskId: z.string(),
  stepId: z.string(),
  workflow: z.object({ name: z.string(), version: z.number() }),
  metadata: z.record(z.string(), z.string()),
  parent: ParentSchema.pick({ taskId: true, path: true }).optional(),
  prompt: z.string(),
  choices: z.array(z.string()),
  approvers: z.array(z.string()).optional().describe('Who may decide; anybody by default'),
  notBy: ApprovalSchema.shape.notBy,
  digest: ApprovalSchema.shape.digest,
  editable: ApprovalSchema.shape.editable,
  requestedAt: z.string(),
  expiresAt: z.string(),
  links: z.object({ task: z.string(), answer: z.string() }),
})
export type OpenApprovalView = z.infer<typeof OpenApprovalViewSchema>
