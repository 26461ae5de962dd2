/** How an outside job answers a suspended step: by the token that the step's agent has given it, and nothing else. */
import * as z from 'zod'
import { MOST_CHARACTERS, MOST_NAME_CHARACTERS } from '../domain/bounded.ts'
import { MOST_TOKEN_CHARACTERS } from '../domain/callback.ts'
import { API_PREFIX } from './route.ts'

/** The token stands in the path, which is in no log: access logs show the route (infra/constructs/http-door.ts, docs/adr/0040). */
export const CALLBACK_PATH = `${API_PREFIX}/callbacks/{token}`
export const HEARTBEAT_PATH = `${CALLBACK_PATH}/heartbeat`

const token = z
  .string()
  .max(MOST_TOKEN_CHARACTERS)
  .describe('The token of the callback, as the step has given it: a secret')

const ErrorSchema = z.object({
  name: z.string().min(1).max(MOST_NAME_CHARACTERS),
  message: z.string().max(MOST_CHARACTERS),
})

/** The outcome of an outside job: its output, or the error by which it has failed. */
export const AnswerCallbackSchema = z
  .object({
    token,
    output: z.json().optional().describe('What the job has produced; at most 256 KB of JSON'),
    error: ErrorSchema.optional().describe('Why the job has failed'),
  })
  .refine(({ output, error }) => (output === undefined) !== (error === undefined), {
    message: 'it has exactly one of output and error',
  })
export type AnswerCallback = z.output<typeof AnswerCallbackSchema>

export const CallbackAnsweredSchema = z.object({
  taskId: z.string(),
  stepId: z.string(),
  accepted: z.literal(true).describe('The step goes on with this answer; also for a repeat of it'),
})
export type CallbackAnswered = z.infer<typeof CallbackAnsweredSchema>
