import * as z from 'zod'
import { AgentManifestSchema } from '../domain/agent.ts'
import { BudgetSchema } from '../domain/budget.ts'
import { distinct } from '../domain/distinct.ts'
import { FilePathSchema } from '../domain/file-reference.ts'
import { PreferSchema } from '../domain/prefer.ts'
import { parseTime, RIGHT_TIME } from '../domain/times.ts'

export const AnyJsonSchema = z.json()

export const TaskIdSchema = z.string().regex(/^t_[0-9a-z]{26}$/, 'a task id is t_ and 26 characters')

const GivenWorkflowSchema = z
  .union([z.string().max(300_000), z.record(z.string(), z.unknown())])
  .describe('A workflow by name, or one of your own: its YAML text, or the same as JSON')

/** An unambiguous time: with its zone, so that every reader means the same instant. */
export const TimeSchema = z.iso
  .datetime({ offset: true })
  .refine((text) => parseTime(text) !== undefined, RIGHT_TIME)
  // Stricter than JSON Schema's date-time: since 1970, and only with offsets that exist.
  .meta({
    allOf: [{ pattern: '^(19[7-9]\\d|[2-9]\\d{3})-[^.]*(\\.\\d{1,9})?(Z|[+-](0\\d|1[0-4]):[0-5]\\d)$' }],
  })

const WhenSchema = {
  deadline: TimeSchema.optional().describe('When it must have ended'),
  deadlineSeconds: z.number().positive().max(31_536_000).optional().describe('The same, from now on'),
}

type When = { deadline?: string | undefined; deadlineSeconds?: number | undefined }
const oneDeadline = ({ deadline, deadlineSeconds }: When): boolean =>
  deadline === undefined || deadlineSeconds === undefined
const ONE_DEADLINE = { message: 'give one of "deadline" and "deadlineSeconds"' }

const oneKind = ({ type, workflow }: { type?: unknown; workflow?: unknown }): boolean =>
  (type === undefined) !== (workflow === undefined)
const ONE_KIND = { message: 'give one of "type" and "workflow" (a name, YAML text, or a definition)' }

/** The rule in JSON Schema, for clients that validate before they send. */
const NOT_BOTH = (one: string, other: string) => ({ not: { required: [one, other] } })
const DEADLINE_RULE = NOT_BOTH('deadline', 'deadlineSeconds')
const KIND_RULE = { oneOf: [{ required: ['type'] }, { required: ['workflow'] }] }

export const SubmitTaskSchema = z
  .strictObject({
    type: z.string().max(64).optional().describe('A task type; the workflow that serves it is chosen'),
    workflow: GivenWorkflowSchema.optional(),
    input: AnyJsonSchema.optional().describe('Checked against the input schema of the workflow'),
    metadata: z
      .record(z.string().max(64), z.string().max(256))
      .refine((entries) => Object.keys(entries).length <= 50, 'at most 50 entries')
      .meta({ maxProperties: 50 })
      .default({})
      .describe('Yours; kept, never read'),
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
      .describe('Of those that wait the highest begins first, 9 before 0; who waits long gains on them'),
    prefer: PreferSchema.optional().describe('How agents are chosen, where a step does not say'),
  })
  .refine(oneDeadline, ONE_DEADLINE)
  .refine(oneKind, ONE_KIND)
  .meta({ ...DEADLINE_RULE, ...KIND_RULE })
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
  all: z.literal(true).describe('Said aloud: every open task of yours'),
  reason: z.string().max(500).default('cancelled by the caller'),
})

/** Overrides for a task that is resumed. */
const DoOtherwiseSchema = z
  .record(
    z.string().max(200),
    z.strictObject({
      input: AnyJsonSchema.optional().describe(
        'In place of what the workflow says; a value without expressions',
      ),
      agent: z.string().max(64).optional().describe('Who is asked first'),
    }),
  )
  .optional()

export const ForkTaskSchema = z
  .strictObject({
    id: TaskIdSchema,
    at: TimeSchema.optional().describe(
      'With what had been done by then; with all of it where neither this nor "after" is said',
    ),
    after: z.string().max(200).optional().describe('The same: when this step had ended'),
    redo: distinct(z.array(z.string().max(200)).max(1_000))
      .default([])
      .describe('Steps that are done again, and with them whatever waits for them'),
    steps: DoOtherwiseSchema.describe('By step id, done otherwise; what had been done is then done again'),
    workflow: GivenWorkflowSchema.optional().describe('With this definition'),
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
      'Goes on with this definition: steps that have succeeded under the same id keep their outputs',
    ),
    steps: DoOtherwiseSchema.describe(
      'By step id (of one in a loop improve.draft): what has not succeeded, done otherwise',
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

const { tags, tenants } = AgentManifestSchema.shape

export const RegisterAgentSchema = AgentManifestSchema.extend({
  tags: distinct(tags.unwrap()).default([]),
  tenants: distinct(tenants.unwrap())
    .optional()
    .describe(tenants.description ?? ''),
  functionArn: z
    .string()
    .max(300)
    .regex(
      /^arn:[^:]+:lambda:[^:]+:\d{12}:function:.+$/,
      'a function is the ARN of a Lambda function, such as arn:aws:lambda:us-east-1:123456789012:function:orchestrator-agent-x',
    ),
})
  .strict()
  // The JSON Schema form of the rules in issuesOfManifest.
  .meta({
    if: { required: ['model'], properties: { model: { required: ['tokensPerMinute'] } } },
    then: { required: ['price'], properties: { price: { required: ['mostTokens'] } } },
  })

export const WorkflowRefSchema = z.strictObject({ name: z.string().min(1).max(64) })

export const AnswerApprovalSchema = z.strictObject({
  id: TaskIdSchema,
  stepId: StepIdSchema,
  decision: z.string().max(200).describe('One of the choices of the step'),
  by: z.string().min(1).max(200).default('api').describe('Who decides'),
  comment: z.string().max(4_000).optional(),
})
export type AnswerApproval = z.output<typeof AnswerApprovalSchema>

export const PutWorkflowSchema = z.strictObject({
  name: z.string().min(1).max(64),
  workflow: GivenWorkflowSchema,
})

export const MakePlanSchema = z
  .strictObject({
    type: z.string().max(64).optional(),
    workflow: GivenWorkflowSchema.optional(),
    input: AnyJsonSchema.optional(),
    budgetUsd: BudgetSchema.shape.usd.describe('As at submission: whom the task could not pay is left out'),
    budgetTokens: BudgetSchema.shape.tokens,
    ...WhenSchema,
    prefer: PreferSchema.optional(),
  })
  .refine(oneDeadline, ONE_DEADLINE)
  .refine(oneKind, ONE_KIND)
  .meta({ ...DEADLINE_RULE, ...KIND_RULE })
