import * as z from 'zod'
import { placeOf } from './instance-path.ts'
import { isJsonObject, type Json } from './json.ts'
import { StoredValueSchema } from './stored-value.ts'

export const MESSAGE_TYPES = ['task', 'response', 'status', 'event'] as const

/** Where a message is: in nobody's hands yet, kept for a step that does not wait yet, taken by one, handled by an agent, or given up. */
export const MESSAGE_STATUSES = ['sent', 'kept', 'taken', 'handled', 'set_aside'] as const
export type MessageStatus = (typeof MESSAGE_STATUSES)[number]

/** A message that was caused by one is at most so many after the first. */
export const MOST_HOPS = 16
/** How often an agent is called with a message that it fails to handle, or is lost with. */
export const MOST_HANDLINGS = 4
/** How long an agent may take for one, in seconds. */
export const MOST_HANDLING_SECONDS = 60
/** In bytes of JSON. What is larger than an item takes is kept in the bucket (claim check). */
export const MOST_BODY_BYTES = 1_000_000
/** From one sender to one recipient in a task. */
export const MOST_MESSAGES = 10_000

export const MESSAGE_ID = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/
export const TOPIC = /^[a-z][a-z0-9-]{0,30}(\.[a-z0-9][a-z0-9-]{0,30}){0,3}$/
export const RIGHT_TOPIC = 'a topic is lower case words joined by dots, e.g. price.changed'

/**
 * Who sends or gets a message: `step:<path>`, `agent:<id>`, `topic:<name>` (a recipient only), or `caller:<name>` (a sender only), which is somebody outside the
 * task.
 */
export const MessageSchema = z.object({
  id: z.string(),
  type: z.enum(MESSAGE_TYPES),
  topic: z.string().optional().describe('What it was published as; absent for one to a single recipient'),
  from: z.string().describe('Who has sent it: step:<path>, agent:<id>, or caller:<name>'),
  to: z.string().describe('Whose it is: step:<path> or agent:<id>'),
  taskId: z.string(),
  correlationId: z.string().describe('The same for a message and all that follow from it'),
  causationId: z.string().optional().describe('The message that its sender was handling'),
  hops: z.number().int().describe('How many messages have led to it, one after the other'),
  at: z.string().describe('When it was sent'),
  body: StoredValueSchema,
})
export type Message = z.infer<typeof MessageSchema>

/** A message as it is stored: its place among those from its sender to its recipient (from 1), and what has become of it. */
export const MessageRecordSchema = MessageSchema.extend({
  sequence: z.number().int(),
  status: z.enum(MESSAGE_STATUSES),
  by: z.string().optional().describe('The step that has taken it'),
  takenFor: z.number().int().optional().describe('The wait of that step: `waitNumber`'),
  heardIn: z
    .number()
    .int()
    .optional()
    .describe("The task's execution in which its agent was called again with it, after a suspension"),
  settledAt: z.string().optional().describe('When it was taken, handled or set aside'),
  tries: z.number().int().default(0).describe('How often an agent was called with it'),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
  costUsd: z.number().optional().describe('What handling it has cost'),
  tokens: z.number().optional(),
})
export type MessageRecord = z.infer<typeof MessageRecordSchema>

/** A step that takes a message: its path, the task's execution, and the suspension that it waits in; 0 for a step that only waits. */
export type Taker = { path: string; execution: number; suspension: number }

/** More than a step has suspensions in an execution. */
const WAITS = 10_000

/** The number of a wait: a later one of the same step has a larger one. */
export const waitNumber = ({ execution, suspension }: Omit<Taker, 'path'>): number =>
  execution * WAITS + suspension

/** The inverse of {@link waitNumber}. */
export const waitOf = (number: number): Omit<Taker, 'path'> => ({
  execution: Math.floor(number / WAITS),
  suspension: number % WAITS,
})

/** Which messages a step waits for; a field that is absent allows any. */
export const MessageFilterSchema = z.object({
  type: z.string().optional(),
  topic: z.string().optional(),
  from: z.string().optional(),
  correlationId: z.string().optional(),
  match: z.json().optional(),
})
export type MessageFilter = z.infer<typeof MessageFilterSchema>

/** The kinds of senders and recipients. */
const ADDRESS = /^(step|agent|caller|topic):([\s\S]+)$/
export const addressOf = (text: string): { kind: string; name: string } | undefined => {
  const [, kind, name] = ADDRESS.exec(text) ?? []
  return kind === undefined || name === undefined ? undefined : { kind, name }
}

/** Whether a message is one that is waited for. `body` is its loaded body. */
export function isWanted(
  filter: MessageFilter,
  message: Pick<Message, 'type' | 'topic' | 'from' | 'correlationId'>,
  body: Json,
): boolean {
  const { type, topic, from, correlationId, match } = filter
  if (type !== undefined && type !== message.type) return false
  if (topic !== undefined && topic !== message.topic) return false
  if (correlationId !== undefined && correlationId !== message.correlationId) return false
  if (from !== undefined && !namesOfSender(message.from).includes(from)) return false
  return match === undefined || includes(body, match)
}

/** A kind alone, an address, or the place of a step whose runs are numbered: brackets in the name of a caller are a part of it. */
function namesOfSender(from: string): string[] {
  const { kind } = addressOf(from) ?? {}
  if (kind === undefined) return [from]
  return kind === 'step' ? [from, placeOf(from), kind] : [from, kind]
}

/** Whether a value has all that a pattern has: the same members of objects, the same items of lists, equal values. */
function includes(value: Json | undefined, pattern: Json): boolean {
  if (Array.isArray(pattern))
    return (
      Array.isArray(value) &&
      value.length === pattern.length &&
      pattern.every((one, index) => includes(value[index], one))
    )
  if (isJsonObject(pattern))
    return (
      isJsonObject(value) &&
      Object.entries(pattern).every(
        ([name, one]) => Object.hasOwn(value, name) && includes(value[name] as Json, one as Json),
      )
    )
  return value === pattern
}
