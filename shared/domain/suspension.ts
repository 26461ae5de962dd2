/**
 * What a suspended step waits for, and what has woken it. An agent ends its turn by `context.suspend`, and is called again with `context.resumed`.
 * The suspensions of a step in one execution of its task are numbered from 1.
 */
import * as z from 'zod'
import { StoredValueSchema } from './stored-value.ts'

/** The longest wait, in seconds: a year, as long as an execution may run. */
export const MOST_SUSPENDED_SECONDS = 31_536_000
/** The most suspensions of a step in one execution: the history of an execution is finite. */
export const MOST_SUSPENSIONS = 1_000
/** The shortest time within which an outside job must be heard, in seconds. */
export const LEAST_HEARTBEAT_SECONDS = 5
/** The largest state that an agent may keep, and the largest output of a callback, in bytes of JSON. */
export const MOST_STATE_BYTES = 4_194_304
export const MOST_CALLBACK_BYTES = 262_144

/** Which message a step waits for; every part that is given must fit. */
export const AwaitedMessageSchema = z.object({
  type: z.string().min(1).max(64).optional(),
  from: z.string().min(1).max(400).optional(),
  correlationId: z.string().min(1).max(128).optional(),
})
export type AwaitedMessage = z.infer<typeof AwaitedMessageSchema>

/** What a step waits for, as its record keeps it. When the wait ends is `endsAt` of the suspension. */
export const AwaitedSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('time') }),
  z.object({
    kind: z.literal('callback'),
    heartbeatSeconds: z.number().optional().describe('The wait is over where nothing is heard for so long'),
  }),
  z.object({ kind: z.literal('message'), message: AwaitedMessageSchema }),
])
export type Awaited = z.infer<typeof AwaitedSchema>

const FailureSchema = z.object({ name: z.string(), message: z.string() })

/** What has ended a wait. Values are stored, because what a callback brings may be large. */
export const WakeCauseSchema = z.union([
  z.object({ kind: z.literal('callback'), output: StoredValueSchema }),
  z.object({ kind: z.literal('callback'), error: FailureSchema }),
  z.object({ kind: z.literal('message'), message: StoredValueSchema }),
  z.object({ kind: z.literal('time') }),
  z.object({ kind: z.literal('timeout') }),
])
export type WakeCause = z.infer<typeof WakeCauseSchema>

/** The latest suspension of a step, within its record. */
export const SuspendedSchema = z.object({
  n: z.number().int().min(1),
  execution: z.number().int().min(1).describe("The task's execution that the step waits in"),
  until: AwaitedSchema,
  state: StoredValueSchema.optional().describe('What the agent is given again'),
  agentId: z.string().describe('The agent that has suspended, and is called again'),
  agentVersion: z.string().describe('The version that has suspended'),
  since: z.string(),
  endsAt: z.string().describe('When the wait is over, whatever has happened'),
  resumedAt: z.string().optional().describe('When the agent was called again; absent while the step waits'),
  by: WakeCauseSchema.optional().describe(
    'What has ended the wait; absent where the agent was not called again',
  ),
  workedMs: z.number().describe('How long the turns have taken that are over'),
  waitedMs: z.number().describe('How long the step has waited before this wait'),
})
export type Suspended = z.infer<typeof SuspendedSchema>

/** What has woken a step: the number of its suspension, and why. `cause` tells a repeat of the same from another. */
export const WokenSchema = z.object({
  n: z.number().int().min(1),
  by: WakeCauseSchema,
  cause: z.string(),
  at: z.string(),
})
export type Woken = z.infer<typeof WokenSchema>

/** Whether a step waits now. */
export const isSuspended = <T extends { status: string; suspended?: Suspended | undefined }>(
  record: T,
): record is T & { suspended: Suspended } =>
  record.status === 'running' && record.suspended !== undefined && record.suspended.resumedAt === undefined

type Paid = { costUsd?: number | undefined; tokens?: number | undefined }

/**
 * A call that goes on after suspensions, with the turns before it: as if it had begun earlier by the time that these have worked, and had cost what all have. So statistics know the
 * work of a step, and not the time that it has waited.
 */
export function withTurnsBefore<Last extends Paid & { startedAt: string }>(
  last: Last,
  { suspended, uncounted = {} }: { suspended?: Suspended | undefined; uncounted?: Paid | undefined },
): Last {
  if (suspended?.by === undefined) return last
  const costUsd = (last.costUsd ?? 0) + (uncounted.costUsd ?? 0)
  const tokens = (last.tokens ?? 0) + (uncounted.tokens ?? 0)
  return {
    ...last,
    startedAt: new Date(Date.parse(last.startedAt) - suspended.workedMs).toISOString(),
    ...(costUsd > 0 ? { costUsd } : {}),
    ...(tokens > 0 ? { tokens } : {}),
  }
}
