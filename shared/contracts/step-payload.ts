import * as z from 'zod'
import { parseRunKey } from '../domain/task.ts'

/** Which entry of which state calls, and how often it has been retried; an emulator may know no counts. */
const CALL = {
  taskId: z.string(),
  path: z.string(),
  state: z.object({ EnteredTime: z.string(), RetryCount: z.number().default(0) }),
  redrives: z
    .union([
      z.number(),
      z
        .array(z.number())
        .max(1)
        .transform(([count = 0]) => count),
    ])
    .nullish(),
}

/** What Step Functions hands to a step's Lambda, and how it orders its calls. Data never travels with it. */
export const StepPayloadSchema = z
  .object(CALL)
  .transform((call) => ({ ...withFence(call), enteredAt: Date.parse(call.state.EnteredTime) }))

/** What a Catch has left; empty where nothing was caught. */
const CaughtSchema = z.object({ Error: z.string().optional(), Cause: z.string().default('') })

export const RebindPayloadSchema = z.object({ ...CALL, error: CaughtSchema }).transform(withFence)
export type RebindPayload = z.output<typeof RebindPayloadSchema>

/**
 * `begin` and `end` are the two calls of a step that no agent runs; `token` wakes the state that waits in between. A loop's end
 * is told of each `round`, and of the `error` that a round has ended with.
 */
export const ControlPayloadSchema = z
  .object({
    ...CALL,
    at: z.enum(['begin', 'end']),
    token: z.string().optional(),
    round: z.string().optional(),
    error: CaughtSchema.optional(),
  })
  .transform(withFence)
export type ControlPayload = z.output<typeof ControlPayloadSchema>

/** `rebound`: try this agent after a while; `settled`: go on without. Read by the `again?` state. */
export type RebindAnswer =
  | { rebound: { functionArn: string; agentId: string; waitSeconds: number } }
  | { settled: 'succeeded' | 'failed' }

type Call = z.output<z.ZodObject<typeof CALL>>

/**
 * The fence: one fixed-width text that sorts as the calls happened. A later execution of the task beats everything before it, then a
 * redrive, then the time the state was entered, then the retry.
 */
function withFence<T extends Call>({
  state,
  redrives,
  taskId: key,
  ...call
}: T): Omit<T, 'state' | 'redrives' | 'taskId'> & {
  taskId: string
  execution: number
  fence: string
} {
  const { taskId, execution } = parseRunKey(key)
  const enteredAt = Date.parse(state.EnteredTime)
  const entered = String(enteredAt).padStart(15, '0')
  const fence = `${digits(execution)}.${digits(redrives ?? 0)}.${entered}.${digits(state.RetryCount)}`
  return { ...call, taskId, execution, fence }
}

/** Before every fence of an execution of a task, and after those of the executions before it. */
export const firstFenceOf = (execution: number): string => `${digits(execution)}.`

const digits = (count: number): string => String(count).padStart(4, '0')

/** Which execution of the task it is of, and how often that had been redriven. */
export const redriveOf = (fence: string): string => fence.split('.', 2).join('.')

/** Whether two fences are of one entry of one state: tries of the same call. */
export function isSameEntry(one: string, other: string): boolean {
  const entry = (fence: string): string => fence.replace(/\.\d+$/, '')
  return entry(one) === entry(other)
}
