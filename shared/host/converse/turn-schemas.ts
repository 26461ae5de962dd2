/** What goes into a turn of a conversation, and what comes out of it. */
import * as z from 'zod'
import { StoredMessageSchema } from '../model/stored-answer.ts'

const JsonValue = z.json()
const Count = z.number().int().min(0)

/** A call that the turn before has asked for: what the model is told of it, or where its result is. */
const PendingSchema = z.object({
  id: z.string(),
  name: z.string(),
  capability: z.string().optional().describe('Absent where the call was not made'),
  isAgain: z
    .boolean()
    .optional()
    .describe('Whether it was made before, so that its result comes with a hint'),
  error: z.string().optional().describe('Why it was not made'),
  at: Count.optional().describe('Which of the calls of the turn it is'),
})
export type Pending = z.infer<typeof PendingSchema>

const MadeSchema = z.object({
  turn: Count,
  capability: z.string(),
  status: z.enum(['succeeded', 'failed', 'refused']),
})
export type Made = z.infer<typeof MadeSchema>

const StateSchema = z.object({
  messages: z.array(StoredMessageSchema).describe('The conversation, with the last answer of the model'),
  pending: z.array(PendingSchema),
  made: z.array(MadeSchema).describe('The calls that were made, in order'),
  empty: Count.describe('How many answers were empty'),
})
export type State = z.infer<typeof StateSchema>

const ResultSchema = z.object({
  status: z.string().optional(),
  output: JsonValue.optional(),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
  answer: z
    .object({ decision: z.string(), by: z.string(), comment: z.string().optional() })
    .optional()
    .describe('What a person has answered'),
})
export type CallResult = z.infer<typeof ResultSchema>

export const TurnInputSchema = z.object({
  model: z.string(),
  system: z.string().optional(),
  input: JsonValue.describe('What the model is given to do'),
  capabilities: z.array(z.string()).min(1).describe('What it may call'),
  approve: z.array(z.string()).default([]).describe('What of it a person approves each time'),
  maxTurns: Count.min(1),
  maxOutputTokens: Count.min(1),
  answer: z.record(z.string(), z.unknown()).optional().describe('JSON Schema of the answer'),
  turn: Count.min(1).describe('The number of this turn'),
  before: StateSchema.optional().describe('The state after the turn before'),
  results: z.array(ResultSchema.nullable()).default([]).describe('What its calls have come to, in order'),
})
export type TurnInput = z.output<typeof TurnInputSchema>

const CallSchema = z.object({ capability: z.string(), input: JsonValue })
export type Call = z.infer<typeof CallSchema>

export const TurnOutputSchema = z.object({
  isOver: z.boolean(),
  text: z.string().describe('What the model has said'),
  calls: z.array(CallSchema).describe('What it asks to call now'),
  result: z
    .object({
      text: z.string(),
      answer: JsonValue.optional(),
      cut: z.enum(['length', 'filtered', 'tools']).optional().describe('Why the last answer is not whole'),
      turns: Count,
      calls: z.array(MadeSchema),
    })
    .optional()
    .describe('The output of the conversation, when it is over'),
  state: StateSchema.optional().describe('What the next turn goes on from'),
})
export type TurnOutput = z.output<typeof TurnOutputSchema>
