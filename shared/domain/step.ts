import * as z from 'zod'
import { ApprovalSchema } from './approval.ts'
import { boundedFailure } from './bounded.ts'
import { CheckSchema, EvaluationSchema, RatingSchema } from './evaluation.ts'
import { FaultSchema } from './fault.ts'
import { DecisionSchema } from './plan.ts'
import { StoredValueSchema } from './stored-value.ts'
import { SuspendedSchema } from './suspension.ts'

export { type StoredValue, StoredValueSchema } from './stored-value.ts'

export const STEP_STATUSES = [
  'pending',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
] as const
export type StepStatus = (typeof STEP_STATUSES)[number]

const FailureSchema = z.object({ name: z.string(), message: z.string() })

/** One try of a step by one agent that did not succeed, or a call of its judge that did not. */
export const AttemptSchema = z.object({
  agentId: z.string(),
  capability: z.string().optional().describe('What the agent was called for; older records do not say it'),
  judgeOf: z
    .string()
    .optional()
    .describe(
      'The agent whose output this call was to judge: no try of the step, but a failure of its judge. Absent for all others',
    ),
  agentVersion: z.string().optional().describe('The version of the agent that was called'),
  agentCode: z
    .string()
    .optional()
    .describe('A digest of the code that was called: of the bundle of its function'),
  startedAt: z.string(),
  endedAt: z.string(),
  execution: z
    .number()
    .int()
    .optional()
    .describe("The number of the task's execution that this attempt was part of"),
  redrive: z.number().int().optional().describe('How often the execution had been redriven, if it was'),
  error: FaultSchema,
  evaluation: EvaluationSchema.optional().describe('What `evaluate` says of the output that was refused'),
  askAgainAt: z.string().optional().describe('When the same agent is called again, if it has said so itself'),
  costUsd: z.number().optional(),
  tokens: z.number().optional(),
  unpriced: z
    .array(z.string())
    .optional()
    .describe('Models whose price is not known: the cost is at least this'),
})
export type Attempt = z.infer<typeof AttemptSchema>

/** A cached output that equal steps may reuse until it expires, with the tenant that owns it. */
export const KeptOutputSchema = z.object({
  output: StoredValueSchema,
  from: z.object({ taskId: z.string(), path: z.string() }),
  madeAt: z.string(),
  until: z.string(),
})
export type KeptOutput = z.infer<typeof KeptOutputSchema>

/** Why a running step calls no agent now: its agents are refused or busy, or the agent that failed has named a later time. */
export const HeldSchema = z.object({
  reason: z.string(),
  since: z.string(),
  until: z.string().optional().describe('When an agent is asked next, where that is known'),
})
export type Held = z.infer<typeof HeldSchema>

/** An end of a step that a retry of the task has undone: a failure, or an approval that was given; `number` counts them, because only the latest are kept. */
export const UndoneEndSchema = z.object({
  number: z.number().int().min(1),
  agentId: z.string().optional(),
  startedAt: z.string(),
  endedAt: z.string(),
  error: FailureSchema.optional(),
  answer: ApprovalSchema.shape.answer.describe('Of an approval that was given, and is asked anew'),
})
export type UndoneEnd = z.infer<typeof UndoneEndSchema>

/** An output that waits for its judge, with what is known of the attempt that has made it. */
export const JudgingSchema = z.object({
  attemptsBefore: z
    .number()
    .int()
    .describe('How many failed attempts the step had; later ones are those of judges'),
  agentId: z.string(),
  agentVersion: z.string(),
  agentCode: z.string().optional(),
  capability: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  output: StoredValueSchema,
  checks: z.array(CheckSchema).describe('Those before the judge'),
  costUsd: z.number().optional(),
  tokens: z.number().optional(),
})
export type Judging = z.infer<typeof JudgingSchema>

/**
 * The record of one step (instance path) of one task. `fence` is the fencing token that orders the invocations that may own the step;
 * `owner` is the invocation that owns it now.
 */
export const StepRecordSchema = z.object({
  path: z.string(),
  status: z.enum(['running', 'succeeded', 'failed', 'skipped', 'cancelled']),
  fence: z.string(),
  owner: z.string(),
  agentId: z
    .string()
    .optional()
    .describe('The agent that the rebinder has chosen, or that has ended the step'),
  agentVersion: z.string().optional().describe('The version of the agent that has succeeded'),
  agentCode: z.string().optional().describe('A digest of the code that has succeeded'),
  calledVersion: z
    .string()
    .optional()
    .describe('The version of the agent that works on it, or has worked on it last'),
  reboundBy: z
    .string()
    .optional()
    .describe('Fence of the rebinder that chose this agent; gone when the agent runs'),
  startedAt: z.string().describe('When its last attempt began, or was to begin'),
  firstStartedAt: z
    .string()
    .optional()
    .describe('When its first attempt began, since a retry of the task; older records have none'),
  held: HeldSchema.optional().describe('Why its last attempt has not begun; gone when its agent is called'),
  reopenedAt: z.string().optional().describe('When a retry of the task has let it run again'),
  endedAt: z.string().optional(),
  undone: z
    .array(UndoneEndSchema)
    .optional()
    .describe('Failures of the step before retries of the task, the latest ones'),
  attempts: z.array(AttemptSchema).default([]),
  output: StoredValueSchema.optional(),
  evaluation: EvaluationSchema.optional().describe('What `evaluate` says of the output'),
  judging: JudgingSchema.optional().describe('The output that waits for its judge'),
  rating: RatingSchema.optional().describe('What a person says of the output'),
  error: FailureSchema.optional(),
  skipReason: z.string().optional(),
  degraded: z.string().optional().describe('Why the output is not what was asked for'),
  reused: KeptOutputSchema.shape.from
    .optional()
    .describe('The step whose output this is: of an equal one, or of the task that this one is a fork of'),
  decision: DecisionSchema.optional().describe("The rebinder's decision, when it has chosen the agent"),
  capability: z
    .string()
    .optional()
    .describe('The capability that its expression has come to; absent for a step that names it'),
  busySince: z.string().optional().describe('The first time at which all its agents were busy'),
  askAgainAt: z.string().optional().describe('The time at which a busy agent can be called again'),
  costUsd: z.number().optional().describe('The cost of the attempt that succeeded'),
  tokens: z.number().optional(),
  unpriced: z
    .array(z.string())
    .optional()
    .describe('Models whose price is not known: the cost is at least this'),
  said: z.string().optional().describe('The end of what a model says in it now, while somebody watches'),
  uncounted: z
    .object({
      costUsd: z.number().optional(),
      tokens: z.number().optional(),
      unpriced: z.array(z.string()).optional(),
    })
    .optional()
    .describe('What calls have cost that were no attempts: their model was throttled, or they went on later'),
  progress: z.object({ fraction: z.number(), note: z.string() }).optional(),
  approval: ApprovalSchema.optional(),
  child: z.string().optional().describe('The task that runs a child workflow'),
  items: StoredValueSchema.optional().describe('The list of a fan-out'),
  asked: StoredValueSchema.optional().describe(
    'What the model of a conversation is given: its evaluated fields',
  ),
  itemCount: z.number().int().optional().describe('The length of the list of a fan-out'),
  suspended: SuspendedSchema.optional().describe(
    'Its latest suspension; the step waits while that is not resumed',
  ),
})
export type StepRecord = z.infer<typeof StepRecordSchema>

export function isFinalStepStatus(status: StepStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'skipped' || status === 'cancelled'
}

/** When a step began, whatever number of attempts it has had since. */
export function beginningOf({ firstStartedAt, startedAt, attempts, reopenedAt = '' }: StepRecord): string {
  const known = firstStartedAt ?? attempts.find((attempt) => attempt.startedAt >= reopenedAt)?.startedAt
  return known !== undefined && known < startedAt ? known : startedAt
}

/** Each has its message: they share one item with the attempts. */
const MOST_UNDONE = 10

/** The failures of a step that a retry undoes, its latest among them; undefined where there are none. */
export function undoneBy(retried: StepRecord): UndoneEnd[] | undefined {
  const { undone = [], status, agentId, endedAt, error } = retried
  if (status !== 'failed' || endedAt === undefined) return undone.length > 0 ? undone : undefined
  const end = {
    number: numberOfEnd(retried),
    ...(agentId === undefined ? {} : { agentId }),
    startedAt: beginningOf(retried),
    endedAt,
    ...(error === undefined ? {} : { error: boundedFailure(error) }),
  }
  return [...undone, end].slice(-MOST_UNDONE)
}

/** The same of an approval that was given, and is asked anew. */
export function undoneAnswer(given: StepRecord): UndoneEnd[] {
  const { undone = [], endedAt = given.startedAt, approval } = given
  const answer = approval?.answer
  const end = { number: numberOfEnd(given), startedAt: beginningOf(given), endedAt }
  return [...undone, { ...end, ...(answer ? { answer } : {}) }].slice(-MOST_UNDONE)
}

/** Which end of the step its present or next one is. */
export const numberOfEnd = ({ undone = [] }: Pick<StepRecord, 'undone'>): number =>
  (undone.at(-1)?.number ?? 0) + 1

/** Whether a retry of the task skips this step. */
export const isDone = ({ status }: StepRecord): boolean => status === 'succeeded' || status === 'skipped'

/** The number that the next try of a step has: calls of judges are none. */
export const attemptNumber = (attempts: readonly Pick<Attempt, 'judgeOf'>[]): number =>
  attempts.filter(({ judgeOf }) => judgeOf === undefined).length + 1

/** The small result a step's Lambda returns to Step Functions: at most 1 KB, never the output itself. */
export type Receipt = {
  path: string
  status: StepStatus
  agentId?: string
  replayed?: boolean
  /** Where the step waits: what its waiting state reads. `seconds` and `heartbeat` are its timeouts, `turn` is the next one. */
  suspended?: { n: number; seconds: number; heartbeat: number; turn: number }
}

export const receiptOf = ({ path, status, agentId }: StepRecord): Receipt => ({
  path,
  status,
  ...(agentId ? { agentId } : {}),
})
