import * as z from 'zod'
import { parsePath } from '../domain/instance-path.ts'
import type { Attempt, StepRecord } from '../domain/step.ts'
import { parseRunKey } from '../domain/task.ts'

/** A count, or a list of counts that are added; the list is empty when the emulator does not count. */
const CountsSchema = z
  .union([z.number(), z.array(z.number()).max(4)])
  .transform((counts) => [counts].flat().reduce((sum, count) => sum + count, 0))

/** Identifies the call: the state, when it was entered, and how often it was retried; an emulator may not provide the counts. */
const CALL = {
  taskId: z.string(),
  path: z.string(),
  state: z.object({ EnteredTime: z.string(), RetryCount: z.number().default(0) }),
  redrives: CountsSchema.nullish(),
}

/** How often the rebinder has chosen an agent before; executions of machines compiled before this count existed have none. */
const TURN = { turn: CountsSchema.nullish() }

/** The payload of a step's Lambda function, which also carries the order of its calls. Task data never travels with it. */
export const StepPayloadSchema = z.object({ ...CALL, ...TURN }).transform((call) => ({
  ...withFence(call, orderOfTurn(call, 0)),
  turn: call.turn ?? 0,
  enteredAt: Date.parse(call.state.EnteredTime),
}))

/** The error that a Catch has recorded; empty when nothing was caught. */
const CaughtSchema = z.object({ Error: z.string().optional(), Cause: z.string().default('') })

/** What a step's state hands to its rebinder: the caught error and the turn; older machines hand over only the error. */
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
 * `begin` and `end` are the two calls of a step that no agent runs; `token` is the task token that resumes the state that waits in between.
 * A loop's `end` is called after each `round`, with the `error` if the round has failed.
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

/** `rebound`: call this agent after the wait; `settled`: continue without an output. The `again?` state reads it. */
export type RebindAnswer =
  | { rebound: { functionArn: string; agentId: string; waitSeconds: number }; turn: number }
  | { settled: 'succeeded' | 'failed' }

type Call = z.output<z.ZodObject<typeof CALL>>

/** Above every timestamp: orders by count sort after the orders by time that older versions of the functions have written. */
const FIRST_ORDER = 500_000_000_000_000
const ORDER_DIGITS = 15

/** The order by turn, the step before its rebinder; by time for machines that do not count turns. */
function orderOfTurn(
  { state, turn }: Pick<Call, 'state'> & { turn?: number | null | undefined },
  at: 0 | 1,
): number {
  return turn === undefined || turn === null ? Date.parse(state.EnteredTime) : FIRST_ORDER + 2 * turn + at
}

/** `begin` sorts before `end`; the `end` calls of a loop sort by round. */
function orderOfControl({ at, round }: { at: 'begin' | 'end'; round?: string | undefined }): number {
  return FIRST_ORDER + (at === 'begin' ? 0 : (parsePath(round ?? '').index ?? 1))
}

/**
 * The fencing token: a fixed-width text that sorts in the order of the calls. A later execution of the task has precedence, then a
 * redrive, then a later entry of the step's states, then a retry. None of them is read from a clock, which may go back.
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

/** Sorts before every fence of an execution of a task, and after those of earlier executions. */
export const firstFenceOf = (execution: number): string => `${digits(execution)}.`

const digits = (count: number): string => String(count).padStart(4, '0')

/** The number of the execution that a fence belongs to. */
export const executionOfFence = (fence: string): number => Number.parseInt(fence, 10) || 0

/** Whether steps of this run may have ended in an earlier one: after a retry of the task, or a redrive. */
export const isRunAgain = (fence: string): boolean => redriveOf(fence) > `${digits(1)}.${digits(0)}`

/** The execution that a fence belongs to, with its number of redrives. */
export const redriveOf = (fence: string): string => fence.split('.', 2).join('.')

/** What an attempt keeps of its fence: the execution, and its number of redrives if it had any. */
export function runOfFence(fence: string): Pick<Attempt, 'execution' | 'redrive'> {
  const redrive = Number(fence.split('.')[1] ?? 0)
  return { execution: executionOfFence(fence), ...(redrive > 0 ? { redrive } : {}) }
}

/**
 * The attempts that count for a step now: since the last retry of the task (retry/Q4) and the last redrive. Older
 * records are compared by time, and their attempts do not record redrives.
 */
export function attemptsSinceReopened({ attempts, reopenedAt = '', fence }: StepRecord): Attempt[] {
  const { execution, redrive = 0 } = runOfFence(fence)
  return attempts.filter((attempt) =>
    attempt.execution === undefined
      ? attempt.startedAt >= reopenedAt
      : attempt.execution === execution && (attempt.redrive ?? 0) === redrive,
  )
}

/** Whether a call is a retry by the state's Retry rule. */
export const isRetry = (fence: string): boolean => Number(/\.(\d+)$/.exec(fence)?.[1] ?? 0) > 0

/** Whether two fences belong to the same entry of the same state, and so differ only by retry. */
export function isSameEntry(one: string, other: string): boolean {
  const entry = (fence: string): string => fence.replace(/\.\d+$/, '')
  return entry(one) === entry(other)
}
