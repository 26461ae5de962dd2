/** The schemas of steps, one for each kind. */
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

/** As long as an execution can last, and so anything in it. */
export const YEAR_SECONDS = 31_536_000

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
/** Exported for the types of the routes, which are declared with it. */
export interface StepsById {
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

/** One schema for each kind of step. A step is of the kind whose own field it has; an agent's has none. */
const SCHEMAS = {
  agent: AgentStepSchema,
  repeat: RepeatStepSchema,
  steps: EachStepSchema,
  approval: ApprovalStepSchema,
  wait: WaitStepSchema,
  workflow: ChildStepSchema,
  emit: EmitStepSchema,
} as const

export type StepKind = keyof typeof SCHEMAS
/** A step of one kind. */
export type StepOf<Kind extends StepKind> = z.infer<(typeof SCHEMAS)[Kind]>

export const STEP_KINDS = Object.keys(SCHEMAS) as readonly StepKind[]
/** The kinds that a field of their own tells. */
export const MARKED_KINDS = STEP_KINDS.filter((kind) => kind !== 'agent')

export const StepSchema = z.union(Object.values(SCHEMAS))
export type Step = z.infer<typeof StepSchema>
/** The steps of a workflow, or of a body, by id. */
export type Steps = Readonly<Record<string, Step>>

const StepsSchema: z.ZodType<StepsById> = z.lazy(() => z.record(StepIdSchema, StepSchema))

/** The kind of a step as written: by the one field that tells it. */
export function stepKind(step: object): StepKind {
  return MARKED_KINDS.find((kind) => kind in step) ?? 'agent'
}

/** The schema that applies to a step as written. */
export function stepSchemaFor(step: object): (typeof SCHEMAS)[StepKind] {
  return SCHEMAS[stepKind(step)]
}
