import * as z from 'zod'
import { boundedFailure, boundedList, boundedText } from './bounded.ts'
import { BudgetSchema } from './budget.ts'
import { EvaluationSchema } from './evaluation.ts'
import { IdentitySchema } from './identity.ts'
import { StoredValueSchema } from './step.ts'

/** Money and tokens spent by agents and by the tasks of child workflows. */
export const CostSchema = z.object({
  usd: z.number(),
  tokens: z.number(),
  unpriced: z
    .array(z.string())
    .optional()
    .describe('Models whose price is not known: the cost is at least this'),
})
export type Cost = z.infer<typeof CostSchema>

export const TASK_STATUSES = [
  'queued',
  'planning',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
] as const
export type TaskStatus = (typeof TASK_STATUSES)[number]

export const OPEN_TASK_STATUSES = ['queued', 'planning', 'running', 'waiting'] as const satisfies TaskStatus[]

/** The parent of a child workflow's task; `depth` counts the ancestors. */
export const ParentSchema = z.object({ taskId: z.string(), path: z.string(), depth: z.number().int().min(1) })
export type Parent = z.infer<typeof ParentSchema>

export const ForkedFromSchema = z
  .object({ taskId: z.string(), at: z.string() })
  .describe('The task that this one is a fork of, and the state at which it was forked')

export const RetrySchema = z.object({
  at: z.string(),
  was: z.enum(TASK_STATUSES).describe('The status before it'),
  endedAt: z.string().optional().describe('When the task had ended before it'),
  execution: z.number().int().optional().describe('The number of the execution before it'),
})
export type Retry = z.infer<typeof RetrySchema>

/** The terms of a request. Each plan of a task has a copy, and the task takes them from its plan. */
const TaskTermsSchema = z.object({
  tenant: z.string(),
  type: z.string().optional(),
  goal: z.string().optional().describe('The goal that it was submitted with, shortened'),
  requestDigest: z.string().describe('Digest of the submitted request: what an Idempotency-Key stands for'),
  metadata: z.record(z.string(), z.string()).default({}),
  budget: BudgetSchema.optional().describe('The budget; a child of a task with a budget shares it'),
  deadline: z.string().optional().describe('The time by which the task must have ended'),
  priority: z.number().int().min(0).max(9).optional(),
  forkedFrom: ForkedFromSchema.optional(),
  submittedBy: z
    .array(IdentitySchema)
    .optional()
    .describe(
      'Who has submitted, forked or retried it, and who has made their keys; tasks of earlier releases have none',
    ),
})
export type TaskTerms = z.infer<typeof TaskTermsSchema>

/** The members of a record that are terms and have a value. */
export function termsIn<T extends Partial<TaskTerms>>(record: T): Pick<T, keyof T & keyof TaskTerms> {
  const given = Object.entries(record).filter(([name, value]) => value !== undefined && isTerm(name))
  return Object.fromEntries(given) as Pick<T, keyof T & keyof TaskTerms>
}

const isTerm = (name: string): boolean => Object.hasOwn(TaskTermsSchema.shape, name)

const TaskCommonSchema = TaskTermsSchema.extend({
  id: z.string(),
  workflow: z.object({ name: z.string(), version: z.number().int() }),
  stateMachineArn: z.string(),
  execution: z.number().int().min(1).describe('n of the execution <taskId>-<n> that runs it now'),
  createdAt: z.string(),
  startedAt: z.string().optional().describe('The start of its execution, after any wait in the queue'),
  parent: ParentSchema.optional().describe('The task and the step that run this task as a child'),
  watchedUntil: z.string().optional().describe('Until when somebody is taken to watch it as it runs'),
  retries: z.array(RetrySchema).optional().describe('Each retry: its time, and the end before it'),
})

const DegradedSchema = z.array(z.object({ path: z.string(), reason: z.string() }))
export type Degraded = z.infer<typeof DegradedSchema>

/** How many degraded steps a task lists; the step records have all of them. */
const MOST_DEGRADED = 50
const MOST_REASON_CHARACTERS = 300

/** The first degraded steps, with their reasons shortened; `degradedCount` is the total when some were left out. */
export function boundedDegraded(all: Degraded): { degraded: Degraded; degradedCount?: number } {
  const { kept, more } = boundedList(all, MOST_DEGRADED)
  const degraded = kept.map(({ path, reason }) => ({
    path,
    reason: boundedText(reason, MOST_REASON_CHARACTERS),
  }))
  return { degraded, ...(more > 0 ? { degradedCount: all.length } : {}) }
}

export const TaskErrorSchema = z.object({
  name: z.string(),
  message: z.string(),
  stepId: z.string().optional(),
  agentId: z.string().optional(),
})
export type TaskError = z.infer<typeof TaskErrorSchema>

const OpenTaskSchema = TaskCommonSchema.extend({ status: z.enum(OPEN_TASK_STATUSES) })
/** A task's actual duration and cost, compared with its estimate. */
export const CalibrationSchema = z.object({
  seconds: z.number(),
  usd: z.number().describe('Agents and AWS together, the latter as estimated for as many steps'),
  secondsUnderP50: z.boolean(),
  secondsUnderP90: z.boolean(),
  usdUnderP50: z.boolean(),
  usdUnderP90: z.boolean(),
})
export type Calibration = z.infer<typeof CalibrationSchema>

const EndedSchema = TaskCommonSchema.extend({ endedAt: z.string(), cost: CostSchema.optional() })
const Evaluated = EvaluationSchema.optional().describe("What the workflow's `evaluate` says of its output")

/** A union on `status`: a finished task cannot hold a running one's fields, nor a failed one a result. */
export const TaskSchema = z.discriminatedUnion('status', [
  OpenTaskSchema,
  EndedSchema.extend({
    status: z.literal('succeeded'),
    result: StoredValueSchema,
    degraded: DegradedSchema.default([]),
    degradedCount: z.number().int().optional().describe('The total number, if `degraded` is truncated'),
    calibration: CalibrationSchema.optional(),
    evaluation: Evaluated,
  }),
  EndedSchema.extend({
    status: z.enum(['failed', 'timed_out']),
    error: TaskErrorSchema,
    evaluation: Evaluated,
  }),
  EndedSchema.extend({ status: z.literal('cancelled'), reason: z.string() }),
])

export type Task = z.infer<typeof TaskSchema>
export type OpenTask = z.infer<typeof OpenTaskSchema>
export type EndedTask = Exclude<Task, OpenTask>

/** A task with the texts about its end within their size limits. */
export function boundedTask<T extends Task>(task: T): T {
  if ('error' in task) return { ...task, error: boundedFailure(task.error) }
  if ('reason' in task) return { ...task, reason: boundedText(task.reason) }
  return task.status === 'succeeded' ? { ...task, ...boundedDegraded(task.degraded) } : task
}

export function isOpenTask(task: Task): task is OpenTask {
  return isOpenStatus(task.status)
}

export function isOpenStatus(status: TaskStatus): status is OpenTask['status'] {
  return (OPEN_TASK_STATUSES as readonly TaskStatus[]).includes(status)
}

export const FIRST_EXECUTION = 1

/** The status with which a task starts: one with a goal plans first. */
export const statusAtStart = ({
  goal,
  execution,
}: Pick<Task, 'goal' | 'execution'>): 'planning' | 'running' =>
  goal !== undefined && execution === FIRST_EXECUTION ? 'planning' : 'running'

/** The Step Functions execution that runs a task: `<taskId>-<n>`, n grows when it is resumed as a new one. */
export function executionName(task: Pick<Task, 'id' | 'execution'>): string {
  return `${task.id}-${task.execution}`
}

/**
 * The key by which the states of an execution know their task: the task's id, from the second execution on with its number. Gates are
 * stored under it, so that executions do not share them.
 */
export function runKey({
  taskId,
  execution = FIRST_EXECUTION,
}: {
  taskId: string
  execution?: number
}): string {
  return execution === FIRST_EXECUTION ? taskId : `${taskId}-${execution}`
}

/** The inverse of {@link runKey}. */
export function parseRunKey(key: string): { taskId: string; execution: number } {
  return parseExecutionName(key) ?? { taskId: key, execution: FIRST_EXECUTION }
}

/** The inverse of {@link executionName}; undefined for an execution that is not a task's. */
export function parseExecutionName(name: string): { taskId: string; execution: number } | undefined {
  const match = /^(t_[0-9a-z]+)-(\d+)$/.exec(name)
  return match?.[1] && match[2] ? { taskId: match[1], execution: Number(match[2]) } : undefined
}
