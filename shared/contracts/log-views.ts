import * as z from 'zod'

/** One line of the logs. */
export const LogLineViewSchema = z.object({
  id: z.string().describe('Unique among the lines of the task'),
  time: z.string(),
  level: z.string(),
  stepId: z.string().optional(),
  attempt: z.number().optional(),
  agentId: z.string().optional(),
  functionName: z.string().describe('The function that has written it'),
  message: z.string(),
  facts: z.record(z.string(), z.unknown()).optional().describe('What else the line says'),
})
export type LogLineView = z.infer<typeof LogLineViewSchema>
