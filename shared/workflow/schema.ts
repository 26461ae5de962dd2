import * as z from 'zod'
import { AgentIdSchema } from '../domain/agent.ts'
import { CapabilityNameSchema } from '../domain/capability.ts'
import { distinct } from '../domain/distinct.ts'
import { PreferSchema } from '../domain/prefer.ts'

/** Words that JSONata reserves: `$steps.and` would not be a path. */
const JSONATA_WORDS = ['and', 'or', 'in', 'true', 'false', 'null', 'function']

export const StepIdSchema = z
  .string()
  .regex(
    /^[a-z][A-Za-z0-9_]{0,47}$/,
    'a step id starts with a-z, has letters, digits and _, at most 48 characters',
  )
  .refine(
    (id) => !JSONATA_WORDS.includes(id),
    'this word belongs to the expression language; choose another id',
  )

export const WorkflowNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,47}$/,
    'a workflow name starts with a-z, has a-z, 0-9, - and _, at most 48 characters',
  )

/** Of one attempt, where a step does not say. */
export const DEFAULT_TIMEOUT_SECONDS = 300

/** As long as an execution can last, and so anything in it. */
export const YEAR_SECONDS = 31_536_000

/** Of an approval that does not say. */
export const DEFAULT_CHOICES = ['approve', 'reject']

/** Of a fan-out that does not say. */
export const DEFAULT_MAX_ITEMS = 1_000
/** How many of its items run side by side. */
export const DEFAULT_CONCURRENCY = 10
/** Items that wait for agents with limits, in one execution: 25,000 events of history are 250 for each. More have executions of their own. */
export const MOST_TOGETHER = 100

/** Loops and fan-outs over steps, one in another. */
export const MAX_NESTING = 8

/** Nobody knows before how many items a fan-out will have, and how often a loop will go round. */
export const EXPECTED_ITEMS = 10
export const EXPECTED_ROUNDS = 2

/** More than this does not fit a definition anyway. */
export const MAX_STEPS = 1_000

const seconds = (most: number) => z.number().positive().max(most)

const RetrySchema = z.strictObject({
  maxAttempts: z
    .number()
    .int()
    .min(1)
    .max(20)
    .default(3)
    .describe('Invocations of one agent, the first included'),
  intervalSeconds: z.number().int().min(1).max(3600).default(2),
  backoffRate: z.number().min(1).max(10).default(2),
  maxDelaySeconds: z.number().int().min(1).max(86_400).default(60),
})

const OnFailureSchema = z.union([
  z.enum(['fail', 'continue']),
  z.strictObject({ output: z.unknown() }),
  z.strictObject({ step: StepIdSchema }),
])

const ConditionSchema = z.string('a condition is written "{% ... %}"')
const ListExpressionSchema = z.string('a list to go through is written "{% ... %}"')

const common = {
  description: z.string().max(500).optional(),
  // Generated workflows name a step twice; it is waited for once.
  needs: z
    .array(StepIdSchema)
    .overwrite((ids) => [...new Set(ids)])
    .optional(),
  when: ConditionSchema.optional().describe('Boolean expression; false: the step is skipped'),
  join: z.enum(['all', 'any', 'settled']).default('all'),
  onFailure: OnFailureSchema.default('fail'),
}

/** What a step says that is done once for each item of a list. */
const ofFanOut = {
  maxItems: z.number().int().min(1).max(10_000).optional(),
  maxConcurrency: z.number().int().min(1).max(1_000).optional(),
  tolerate: z
    .union([
      z.number().int().min(0),
      z.string().regex(/^\d{1,3}%$/, 'it is a number of items, or a share of them such as 10%'),
    ])
    .optional(),
}

const AgentStepSchema = z.strictObject({
  ...common,
  capability: CapabilityNameSchema.optional(),
  agent: z.string().optional().describe('Pin one agent, optionally id@version'),
  input: z.unknown().optional(),
  forEach: ListExpressionSchema.optional(),
  ...ofFanOut,
  bind: z.enum(['early', 'late']).default('early'),
  timeoutSeconds: seconds(840).optional(),
  retry: RetrySchema.prefault({}),
  fallback: distinct(z.array(z.union([AgentIdSchema, CapabilityNameSchema]))).optional(),
  prefer: PreferSchema.optional(),
  cache: z.strictObject({ ttlSeconds: seconds(2_592_000) }).optional(),
})

export type AgentStep = z.infer<typeof AgentStepSchema>

/** The other kinds of step. They parse, so that their issues name them; the compiler says which it can build. */
const RepeatStepSchema = z.strictObject({
  ...common,
  repeat: z.strictObject({
    get steps() {
      return StepsSchema
    },
    until: ConditionSchema.describe('Boolean expression, evaluated after each round: true ends the loop'),
    maxIterations: z.number().int().min(1).max(1_000),
    output: z.unknown().optional().describe("Of the last round; default: its last steps' outputs by id"),
  }),
})
/** An interface, for a step's own type is part of it. */
interface StepsById {
  [id: string]: Step
}
const EachStepSchema = z.strictObject({
  ...common,
  forEach: z.string({ error: 'a step with steps goes through a list: say forEach: "{% ... %}"' }),
  ...ofFanOut,
  steps: z.lazy((): z.ZodType<StepsById> => StepsSchema),
  output: z.unknown().optional().describe("Of one item; default: its last steps' outputs by id"),
})
const ApprovalStepSchema = z.strictObject({
  ...common,
  approval: z.strictObject({
    prompt: z.string(),
    choices: z.array(z.string()).optional(),
    approvers: distinct(z.array(z.string())).optional(),
    timeoutSeconds: seconds(YEAR_SECONDS).describe('Mandatory: every wait on a person ends'),
    onTimeout: z.string().optional(),
  }),
})
const WaitStepSchema = z.strictObject({
  ...common,
  wait: z.union([
    z.strictObject({
      seconds: z.union([z.number(), z.string('an expression is written "{% ... %}"')]),
    }),
    z.strictObject({
      until: z.string('a time is written "2026-12-24T18:00:00Z", an expression "{% ... %}"'),
    }),
  ]),
})
const ChildStepSchema = z.strictObject({
  ...common,
  workflow: z
    .string()
    .regex(
      /^[a-z][a-z0-9_-]{0,47}(@[1-9]\d{0,8})?$/,
      'a child is the name of a registered workflow, optionally name@version',
    )
    .describe('A registered workflow, optionally name@version; the newest version at planning'),
  input: z.unknown().optional(),
  forEach: ListExpressionSchema.optional(),
  ...ofFanOut,
  timeoutSeconds: seconds(YEAR_SECONDS).optional().describe('Of the whole child; a year is the most'),
})
const EmitStepSchema = z.strictObject({
  ...common,
  emit: z.strictObject({ type: z.string(), data: z.unknown().optional() }),
})

const KINDS = {
  repeat: RepeatStepSchema,
  steps: EachStepSchema,
  approval: ApprovalStepSchema,
  wait: WaitStepSchema,
  workflow: ChildStepSchema,
  emit: EmitStepSchema,
} as const

/** A step of one kind. */
export type StepOf<Kind extends keyof typeof KINDS> = z.infer<(typeof KINDS)[Kind]>
export const STEP_KINDS = ['agent', 'repeat', 'steps', 'approval', 'wait', 'workflow', 'emit'] as const
export type StepKind = (typeof STEP_KINDS)[number]

export const StepSchema = z.union([AgentStepSchema, ...Object.values(KINDS)] as [
  typeof AgentStepSchema,
  typeof RepeatStepSchema,
  typeof EachStepSchema,
  typeof ApprovalStepSchema,
  typeof WaitStepSchema,
  typeof ChildStepSchema,
  typeof EmitStepSchema,
])
export type Step = z.infer<typeof StepSchema>
/** The steps of a workflow, or of a body, by id. */
export type Steps = Readonly<Record<string, Step>>

const StepsSchema: z.ZodType<StepsById> = z.lazy(() => z.record(StepIdSchema, StepSchema))

/** The schema that applies to a step as written: by the one field that gives its kind. */
export function stepSchemaFor(step: object): (typeof KINDS)[keyof typeof KINDS] | typeof AgentStepSchema {
  const kind = (Object.keys(KINDS) as (keyof typeof KINDS)[]).find((name) => name in step)
  return kind ? KINDS[kind] : AgentStepSchema
}

export function stepKind(step: Step): StepKind {
  return (Object.keys(KINDS) as (keyof typeof KINDS)[]).find((name) => name in step) ?? 'agent'
}

/** Narrows to a step that an agent runs: the kind without a field of its own. */
export function isAgentStep(step: Step): step is AgentStep {
  return stepKind(step) === 'agent'
}

export function isLoop(step: Step): step is StepOf<'repeat'> {
  return 'repeat' in step
}

/** A step whose steps are done for each item of a list. */
export function isEach(step: Step): step is StepOf<'steps'> {
  return 'steps' in step
}

/** A step that is done once for each item of a list: by an agent, as a child workflow, or with steps of its own. */
export type FanOut = (AgentStep | StepOf<'workflow'> | StepOf<'steps'>) & { forEach: string }

export function isFanOut(step: Step): step is FanOut {
  return 'forEach' in step && step.forEach !== undefined
}

/** The steps inside a loop, or inside a fan-out, which are a graph of their own; undefined of any other step. */
export function bodyOf(step: Step): Steps | undefined {
  return isLoop(step) ? step.repeat.steps : isEach(step) ? step.steps : undefined
}

/** Whether the task goes on when the step has failed for good. */
export function goesOnAfterFailure({ onFailure }: Pick<Step, 'onFailure'>): boolean {
  return onFailure === 'continue' || (typeof onFailure === 'object' && 'step' in onFailure)
}

/** Keys of versions sort as text of eight digits. */
const MOST_VERSION = 99_999_999
const MOST_TASK_TYPES = 100

/** A workflow without its steps: they are parsed one by one so that each issue names its step. */
export const WorkflowHeadSchema = z.strictObject({
  name: WorkflowNameSchema,
  version: z.number().int().min(1).max(MOST_VERSION).default(1),
  description: z.string().max(1_000).default(''),
  taskTypes: distinct(z.array(WorkflowNameSchema).max(MOST_TASK_TYPES)).default([]),
  input: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema of the task input; checked at submit'),
  output: z.unknown().optional().describe("Value with expressions; default: the last steps' outputs by id"),
})

export const WorkflowSchema = WorkflowHeadSchema.extend({ steps: z.record(StepIdSchema, StepSchema) })
export type Workflow = z.infer<typeof WorkflowSchema>
