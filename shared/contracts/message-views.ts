import * as z from 'zod'
import {
  MESSAGE_STATUSES,
  MESSAGE_TYPES,
  MessageRecordSchema,
  RIGHT_TOPIC,
  TOPIC,
} from '../domain/message.ts'
import { cursorOf, wholeNumber } from './list-requests.ts'
import { AnyJsonSchema, TaskIdSchema } from './requests.ts'

const AddressSchema = z.string().min(1).max(300)

export const PostMessageSchema = z
  .strictObject({
    id: TaskIdSchema,
    to: AddressSchema.optional().describe(
      'The step that waits for it, by its id; in a loop or a fan-out by its path',
    ),
    topic: z
      .string()
      .regex(TOPIC, RIGHT_TOPIC)
      .optional()
      .describe('In place of `to`: every step that waits for a message of this topic gets one'),
    type: z.enum(MESSAGE_TYPES).default('event').describe('What kind of message it is'),
    body: AnyJsonSchema.default(null).describe('What it says: any JSON, at most 1 MB'),
    correlationId: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe('The same for a message and all that follow from it; its id by default'),
    idempotencyKey: z.string().min(1).max(128).optional(),
  })
  .refine(({ to, topic }) => (to === undefined) !== (topic === undefined), 'give one of "to" and "topic"')
  .meta({
    if: { required: ['to'] },
    then: { not: { required: ['topic'] } },
    else: { required: ['topic'] },
  })
export type PostMessage = z.output<typeof PostMessageSchema>

export const ListMessagesSchema = z.strictObject({
  id: TaskIdSchema,
  to: AddressSchema.optional().describe('Only those to this recipient: step:<path> or agent:<id>'),
  from: AddressSchema.optional().describe(
    'Only those from this sender: step:<path>, agent:<id> or caller:<name>',
  ),
  status: z.enum(MESSAGE_STATUSES).optional().describe('Only those that are where this says'),
  limit: wholeNumber(1, 100).default(100),
  cursor: cursorOf(/^[!-~]+$/),
})

export const MessageViewSchema = MessageRecordSchema.omit({
  body: true,
  takenFor: true,
  heardIn: true,
}).extend({
  body: AnyJsonSchema,
})
export type MessageView = z.output<typeof MessageViewSchema>
