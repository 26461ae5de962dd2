import * as z from 'zod'
import { MESSAGE_TYPES } from '../domain/message.ts'
import { common } from './step-fields.ts'

/** A step that sends a message. */
export const SendStepSchema = z.strictObject({
  ...common,
  send: z
    .strictObject({
      to: z
        .string()
        .describe(
          'Who gets it: `step:<id>` for a step that waits for a message, `agent:<id>` for an agent of the task that handles some, `topic:<name>` for all who want the topic; text, with expressions in it',
        ),
      type: z.enum(MESSAGE_TYPES).default('event').describe('What kind of message it is'),
      body: z.unknown().optional().describe('What it says: a value with expressions'),
      correlationId: z
        .string()
        .optional()
        .describe('The exchange that it belongs to; text, with expressions in it'),
    })
    .describe('The message to send'),
})
