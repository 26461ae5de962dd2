import * as z from 'zod'
import { MOST_COMMENT_CHARACTERS, RatingSchema } from '../domain/evaluation.ts'
import { StepIdSchema, TaskIdSchema } from './requests.ts'

export const RateStepSchema = z.strictObject({
  id: TaskIdSchema,
  stepId: StepIdSchema,
  score: RatingSchema.shape.score,
  comment: z.string().max(MOST_COMMENT_CHARACTERS).optional(),
  by: z.string().min(1).max(200).default('api').describe('The person who rates it'),
})
export type RateStep = z.output<typeof RateStepSchema>

export const RatingViewSchema = RatingSchema.extend({ taskId: z.string(), stepId: z.string() })
export type RatingView = z.infer<typeof RatingViewSchema>
