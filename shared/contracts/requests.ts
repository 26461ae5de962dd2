import * as z from 'zod'
import { BudgetSchema } from '../domain/budget.ts'
import { distinct } from '../domain/distinct.ts'
import { FilePathSchema } from '../domain/file-reference.ts'
import { GoalTextSchema } from '../domain/goal.ts'
import { PreferSchema } from '../domain/prefer.ts'
import { parseTime, RIGHT_TIME } from '../domain/times.ts'
import { checkWork, ofGoals, WORK_RULE } from './work-of-task.ts'

export const AnyJsonSchema = z.json()

export const TaskIdSchema = z.string().regex(/^t_[0-9a-z]{26}$/, 'a task id is t_ and 26 characters')

const GivenWorkflowSchema = z
  .union([z.string().max(300_000), z.record(z.string(), z.unknown())])
  .describe('A workflow by name, by name@version, or one of your own: its YAML text, or the same as JSON')

/** For requests that contain a workflow definition. */
const LenientSchema = z
  .boolean()
  .optional()
  .describe('Reports wrong names and types in the submitted workflow as warnings, instead of refusing it')

/** An unambiguous time: with its zone, so that every reader means the same instant. */
export const TimeSchema = z.iso
  .datetime({ offset: true })
  .refine((text) => parseTime(text) !== undefined, RIGHT_TIME)
  // Stricter than JSON Schema's date-time: since 1970, and only with offsets that exist.
  .meta({
    allOf: [{ pattern: '^(19[7-9]\\d|[2-9]\\d{3})-[^.]*(\\.\\d{1,9})?(Z|[+-](0\\d|1[0-4]):[0-5]\\d)$' }],
  })

const WhenSchema = {
  deadline: TimeSchema.optional().describe('The time by which the task must have ended'),
  deadlineSeconds: z
    .number()
    .positive()
    .max(31_536_000)
    .optional()
    .describe('The deadline in seconds from now'),
}

type When = { deadline?: string | undefined; deadlineSeconds?: number | undefined }
const oneDeadline = ({ deadline, deadlineSeconds }: When): boolean =>
  deadline === undefined || deadlineSeconds === undefined
const ONE_DEADLINE = { message: 'give one of "deadline" and "deadlineSeconds"' }

const oneKind = ({ type, workflow }: { type?: unknown; workflow?: unknown }): boolean =>
  (type === undefined) !== (workflow === undefined)
const ONE_KIND = { message: 'give one of "type" and "workflow" (a name, YAML text, or a definition)' }

/** The rule as JSON Schema, for clients that validate requests themselves. */
const NOT_BOTH = (one: string, other: string) => ({ not: { required: [one, other] } })
const DEADLINE_RULE = NOT_BOTH('deadline', 'deadlineSeconds')
/** Written without `oneOf`, which client generators turn into a union of two nameless types. */
const KIND_RULE = {
  if: { required: ['type'] },
  then: { not: { required: ['workflow'] } },
  else: { required: ['workflow'] },
}

export const SubmitTaskSchema = checkWork(
  z.strictObject({
    goal: GoalTextSchema.optional().describe('What is wanted, in words: a plan is made of it, and run'),
    ...ofGoals,
    type: z.string().max(64).optional().describe('A task type; the workflow that serves it is chosen'),
    workflow: GivenWorkflowSchema.optional(),
    lenient: LenientSchema,
    input: AnyJsonSchema.optional().describe('Checked against the input schema of the workflow'),
    metadata: z
      .record(z.string().max(64), z.string().max(256))
      .refine((entries) => Object.keys(entries).length <= 50, 'at most 50 entries')
      .meta({ maxProperties: 50 })
      .default({})
      .describe('Metadata of the caller; stored and returned, never interpreted'),
    idempotencyKey: z.string().min(1).max(128).optional(),
    budgetUsd: BudgetSchema.shape.usd.describe(
      'The most that it may cost; a task out of budget fails and can be retried with more',
    ),
    budgetTokens: BudgetSchema.shape.tokens.describe('The most tokens of language models that it may take'),
    ...WhenSchema,
    priority: z
      .number()
      .int()
      .min(0)
      .max(9)
      .optional()
      .describe(
        'Queued tasks start by priority, 9 first; the priority of a waiting task grows with time (aging)',
      ),
    prefer: PreferSchema.optional().describe('The default for steps without their own preferences'),
  }),
)
  .refine(oneDeadline, ONE_DEADLINE)
  .meta({ ...DEADLINE_RULE, ...WORK_RULE })
export type SubmitTask = z.infer<typeof SubmitTaskSchema>

export const TaskRefSchema = z.strictObject({ id: TaskIdSchema })

/** A step's id; inside a loop prefixed by the loop's (`improve.draft`). */
export const StepIdSchema = z.string().min(1).max(200)

export const StepRefSchema = z.strictObject({ id: TaskIdSchema, stepId: StepIdSchema })

export const CancelTaskSchema = z.strictObject({
  id: TaskIdSchema,
  reason: z.string().max(500).default('cancelled by the caller'),
})

export const CancelAllSchema = z.strictObject({
  all: z.literal(true).describe('Must be true, as a confirmation: cancels every open task of the tenant'),
  reason: z.string().max(500).default('cancelled by the caller'),
})

/** Overrides for a task that is resumed. */
const DoOtherwiseSchema = z
  .record(
    z.string().max(200),
    z.strictObject({
      input: AnyJsonSchema.optional().describe(
        'Replaces the input in the workflow; a value without expressions',
      ),
      agent: z.string().max(64).optional().describe('The agent to call first'),
    }),
  )
  .optional()

export const ForkTaskSchema = z
  .strictObject({
    id: TaskIdSchema,
    at: TimeSchema.optional().describe(
      'Keeps the steps that had ended at this time; without "at" and "after", all that have ended',
    ),
    after: z.string().max(200).optional().describe('Keeps the steps that had ended when this step ended'),
    redo: distinct(z.array(z.string().max(200)).max(1_000))
      .default([])
      .describe('Steps to run again, with all steps that depend on them'),
    steps: DoOtherwiseSchema.describe('Overrides by step id; a step with an override runs again'),
    workflow: GivenWorkflowSchema.optional().describe('Replaces the definition of the workflow'),
    lenient: LenientSchema,
    budgetUsd: BudgetSchema.shape.usd,
    budgetTokens: BudgetSchema.shape.tokens,
    ...WhenSchema,
    idempotencyKey: z.string().min(1).max(128).optional(),
  })
  .refine(oneDeadline, ONE_DEADLINE)
  .refine(({ at, after }) => at === undefined || after === undefined, {
    message: 'give one of "at" and "after"',
  })
  .meta({ allOf: [DEADLINE_RULE, NOT_BOTH('at', 'after')] })

export const RetryTaskSchema = z
  .strictObject({
    id: TaskIdSchema,
    budgetUsd: BudgetSchema.shape.usd.describe('The new total'),
    budgetTokens: BudgetSchema.shape.tokens.describe('The new total'),
    ...WhenSchema,
    workflow: GivenWorkflowSchema.optional().describe(
      'Replaces the definition of the workflow: steps that have succeeded under the same id keep their outputs',
    ),
    lenient: LenientSchema,
    steps: DoOtherwiseSchema.describe(
      'Overrides by step id (improve.draft for a step in a loop), for steps that have not succeeded',
    ),
  })
  .refine(oneDeadline, ONE_DEADLINE)
  .meta(DEADLINE_RULE)

export const CreateFilesSchema = z.strictObject({
  folder: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'a folder is a-z, 0-9, - and _, at most 64 characters')
    .optional()
    .describe('Upload under this folder; without it a new one is made'),
  files: distinct(
    z
      .array(z.strictObject({ path: FilePathSchema }))
      .min(1)
      .max(200),
    ({ path }) => path,
  ),
})

export const AgentRefSchema = z.strictObject({ id: z.string().min(1).max(64) })

export { RegisterAgentSchema } from './register-agent.ts'

export const WorkflowRefSchema = z.strictObject({ name: z.string().min(1).max(64) })

export const PutWorkflowSchema = z.strictObject({
  name: z.string().min(1).max(64),
  workflow: GivenWorkflowSchema,
  lenient: LenientSchema,
})

export const MakePlanSchema = z
  .strictObject({
    type: z.string().max(64).optional(),
    workflow: GivenWorkflowSchema.optional(),
    lenient: LenientSchema,
    input: AnyJsonSchema.optional(),
    budgetUsd: BudgetSchema.shape.usd.describe(
      'As at submission: agents that exceed the budget are not candidates',
    ),
    budgetTokens: BudgetSchema.shape.tokens,
    ...WhenSchema,
    prefer: PreferSchema.optional(),
  })
  .refine(oneDeadline, ONE_DEADLINE)
  .refine(oneKind, ONE_KIND)
  .meta({ ...DEADLINE_RULE, ...KIND_RULE })
