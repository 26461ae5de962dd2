import * as z from 'zod'

/** The payload of an agent's function that is called with a message. */
export const HandlerPayloadSchema = z.object({
  message: z.object({
    taskId: z.string(),
    execution: z.number().int(),
    id: z.string(),
    to: z.string(),
    from: z.string(),
    sequence: z.number().int(),
    try: z.number().int(),
  }),
})

/** Whether a function is called with a message, and not with a step. */
export const isHandlerPayload = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && 'message' in payload && !('path' in payload)
