import * as z from 'zod'
import { parsePath } from '../domain/instance-path.ts'
import { parseRunKey } from '../domain/task.ts'

/** One count, or the list of those that there are. */
const CountsSchema = z
  .union([z.number(), z.array(z.number()).max(4)])
  .transform((counts) => [counts].flat().reduce((sum, count) => sum + count, 0))

/** Which entry of which state calls, and how often it has been retried; an emulator may know no counts. */
const CALL = {
  taskId: z.string(),
  path: z.string(),
  state: z.object({ EnteredTime: z.string(), RetryCount: z.number().default(0) }),
  redrives: CountsSchema.nullish(),
}

/** How often the rebinder has named an agent before; executions of machines that were compiled before there was such a count have none. */
const TURN = { turn: CountsSchema.nullish() }

/** What Step Functions hands to a step's Lambda, and how it orders its calls. Data never travels with it. */
export const StepPayloadSchema = z.object({ ...CALL, ...TURN }).transform((call) => ({
  ...withFence(call, orderOfTurn(call, 0)),
  enteredAt: Date.parse(call.state.EnteredTime),
}))

/** What a Catch has left; empty where nothing was caught. */
const CaughtSchema = z.object({ Error: z.string().optional(), Cause: z.string().default('') })

/** What a step's state leaves to its rebinder: what it has caught, in which turn; of a machine from before only the former. */
const LeftSchema = z.union([
  z.object({ error: CaughtSchema, ...TURN }),
  CaughtSchema.transform((error) => ({ error, turn: undefined })),
])

export const RebindPayloadSchema = z
  .object({ ...CALL, error: LeftSchema })
  .transform(({ error: { turn, error }, ...call }) => {
    return { ...withFence(call, orderOfTurn({ ...call, turn }, 1)), error, turn: turn ?? 0 }
  })
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
  .transform((call) => withFence(call, orderOfControl(call)))
export type ControlPayload = z.output<typeof ControlPayloadSchema>

/** `rebound`: try this agent after a while; `settled`: go on without. Read by the `again?` state. */
export type RebindAnswer =
  | { rebound: { functionArn: string; agentId: string; waitSeconds: number }; turn: number }
  | { settled: 'succeeded' | 'failed' }

type Call = z.output<z.ZodObject<typeof CALL>>

/** Above every time: what is ordered by count comes after what an older version of these functions has ordered by time. */
const FIRST_ORDER = 500_000_000_000_000
const ORDER_DIGITS = 15

/** Turn by turn, the step before its rebinder; by time where the machine does not count turns. */
function orderOfTurn(
  { state, turn }: Pick<Call, 'state'> & { turn?: number | null | undefined },
  at: 0 | 1,
): number {
  return turn === undefined || turn === null ? Date.parse(state.EnteredTime) : FIRST_ORDER + 2 * turn + at
}

/** The beginning before the end, and of a loop the end of each round in their order. */
function orderOfControl({ at, round }: { at: 'begin' | 'end'; round?: string | undefined }): number {
  return FIRST_ORDER + (at === 'begin' ? 0 : (parsePath(round ?? '').index ?? 1))
}

/**
 * The fence: one fixed-width text that sorts as the calls happened. A later execution of the task beats everything before it, then a
 * redrive, then a later entry of the step's states, then the retry. None of them is read from a clock, which may go back.
 */
function withFence<T extends Call>(
  { state, redrives, taskId: key, ...call }: T,
  order: number,
): Omit<T, 'state' | 'redrives' | 'taskId'> & {
  taskId: string
  execution: number
  fence: string
} {
  const { taskId, execution } = parseRunKey(key)
  const entry = String(order).padStart(ORDER_DIGITS, '0')
  const fence = `${digits(execution)}.${digits(redrives ?? 0)}.${entry}.${digits(state.RetryCount)}`
  return { ...call, taskId, execution, fence }
}

/** Before every fence of an execution of a task, and after those of the executions before it. */
export const firstFenceOf = (execution: number): string => `${digits(execution)}.`

const digits = (count: number): string => String(count).padStart(4, '0')

/** Which execution of the task a fence is of. */
export const executionOfFence = (fence: string): number => Number.parseInt(fence, 10) || 0

/** Which execution of the task it is of, and how often that had been redriven. */
export const redriveOf = (fence: string): string => fence.split('.', 2).join('.')

/** Whether a call is a retry: the state has been entered once, and has called before. */
export const isRetry = (fence: string): boolean => Number(/\.(\d+)$/.exec(fence)?.[1] ?? 0) > 0

/** Whether two fences are of one entry of one state: tries of the same call. */
export function isSameEntry(one: string, other: string): boolean {
  const entry = (fence: string): string => fence.replace(/\.\d+$/, '')
  return entry(one) === entry(other)
}
