import * as z from 'zod'

export const TaskInputViewSchema = z.object({ taskId: z.string(), input: z.unknown() })

export const InputOfStepViewSchema = TaskInputViewSchema.extend({ stepId: z.string() })
