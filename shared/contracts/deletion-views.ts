import * as z from 'zod'

export const DeletedTaskViewSchema = z.object({
  taskId: z.string(),
  deletedAt: z.string().describe('From then on no route finds it'),
  goneBy: z
    .string()
    .describe('By when everything of it is removed, what late invocations have written included'),
})
export type DeletedTaskView = z.output<typeof DeletedTaskViewSchema>
