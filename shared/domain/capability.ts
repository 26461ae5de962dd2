import * as z from 'zod'

/** A named ability, `area.verb`; the simplest (`echo`) has no area. */
export const CapabilityNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*$/,
    'a capability is lower case words joined by dots, e.g. text.summarize',
  )
  .max(64)

/** The most capabilities from which a step chooses one when it begins. */
export const MOST_CHOICES_OF_CAPABILITY = 20

export const CapabilitySchema = z.object({
  name: CapabilityNameSchema,
  description: z.string().max(500),
  inputSchema: z.record(z.string(), z.unknown()).describe('JSON Schema of the input'),
  outputSchema: z.record(z.string(), z.unknown()).describe('JSON Schema of the output'),
  outbound: z
    .boolean()
    .optional()
    .describe(
      'Whether it sends its input to a host outside, as an address or a query, though it changes nothing there: what a plan from a goal makes up for it waits for a person',
    ),
  suspends: z
    .boolean()
    .optional()
    .describe(
      'Whether its agent may end a turn by `context.suspend`, and is called again later: only steps with such a capability have the states for that',
    ),
})
