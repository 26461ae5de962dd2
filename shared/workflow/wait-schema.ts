import * as z from 'zod'
import { MESSAGE_TYPES } from '../domain/message.ts'
import { common, EXPRESSION, seconds, YEAR_SECONDS } from './step-fields.ts'

/** A step that waits for time, or for a message. */
export const WaitStepSchema = z.strictObject({
  ...common,
  wait: z
    .union([
      z.strictObject({
        seconds: z
          .union([
            z.number().meta({ minimum: 0 }),
            z.string('an expression is written "{% ... %}"').meta(EXPRESSION),
          ])
          .describe('The duration; a number or an expression'),
      }),
      z.strictObject({
        until: z
          .string('a time is written "2026-12-24T18:00:00Z", an expression "{% ... %}"')
          .describe('The end of the wait, a time with its zone; text, with expressions in it'),
      }),
      z.strictObject({
        message: z
          .strictObject({
            type: z.enum(MESSAGE_TYPES).optional().describe('The type of the message; any by default'),
            topic: z
              .string()
              .optional()
              .describe('A topic: the step gets what is published as it, and nothing else'),
            from: z
              .string()
              .optional()
              .describe(
                'Its sender: `step:<id>`, `agent:<id>`, `caller:<name>`, or one of `step`, `agent` and `caller` for all of a kind; text, with expressions in it',
              ),
            correlationId: z
              .string()
              .optional()
              .describe('The exchange that it belongs to; text, with expressions in it'),
            match: z
              .unknown()
              .optional()
              .describe(
                'What its body has to have: an object with members of it, or a value; a value with expressions, evaluated when the step begins',
              ),
          })
          .describe('The message that is waited for; `{}` for any to this step'),
        timeoutSeconds: seconds(YEAR_SECONDS).describe('Mandatory: every wait for a message ends'),
        onTimeout: z
          .enum(['fail', 'continue'])
          .default('fail')
          .describe(
            'What happens when none has come: the step fails with MessageTimedOutError, or goes on with the output `{timedOut: true}`',
          ),
      }),
    ])
    .describe('The duration of the wait, its end, or the message that ends it'),
})
