/** The schemas of steps, one for each kind. */
import * as z from 'zod'
import { AgentIdSchema } from '../domain/agent.ts'
import { CapabilityNameSchema } from '../domain/capability.ts'
import { distinct } from '../domain/distinct.ts'
import { PreferSchema } from '../domain/prefer.ts'

/** Reserved words of JSONata: `$steps.and` would not be a path. */
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
  .meta({ not: { enum: JSONATA_WORDS } })

/** The longest duration of an execution. */
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
  intervalSeconds: z.number().int().min(1).max(3600).default(2).describe('Before the second invocation'),
  backoffRate: z.number().min(1).max(10).default(2).describe('What each wait is multiplied by for the next'),
  maxDelaySeconds: z.number().int().min(1).max(86_400).default(60).describe('The longest wait between two'),
})

const OnFailureSchema = z.union([
  z.enum(['fail', 'continue']),
  z.strictObject({
    output: z.unknown().describe('The output in place of the failure: a value with expressions ($error)'),
  }),
  z.strictObject({ step: StepIdSchema.describe('The step that runs when this one has failed ($error)') }),
])

/** What validation refuses beyond these schemas is said to editors by `meta`, which goes into the published JSON Schema. */
const EXPRESSION = { pattern: '^\\s*\\{%[\\s\\S]*%\\}\\s*$' }
const ConditionSchema = z.string('a condition is written "{% ... %}"').meta(EXPRESSION)
const ListExpressionSchema = z.string('a list to go through is written "{% ... %}"').meta(EXPRESSION)

const common = {
  description: z.string().max(500).optional().describe('For people'),
  // Generated workflows may name a step twice, which is accepted.
  needs: z
    .array(StepIdSchema)
    .overwrite((ids) => [...new Set(ids)])
    .optional()
    .describe('Steps to wait for, besides those that its expressions mention'),
  when: ConditionSchema.optional().describe('Boolean expression; false: the step is skipped'),
  join: z
    .enum(['all', 'any', 'settled'])
    .default('all')
    .describe(
      'Runs when all that it waits for have succeeded, when any of them has, or when all have ended somehow',
    ),
  onFailure: OnFailureSchema.default('fail').describe(
    'What its failure means: the task fails, goes on, goes on with a value in its place, or with a step that handles it',
  ),
}

/** The fields of a fan-out. */
const ofFanOut = {
  maxItems: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('With forEach: a longer list is a failure; 1000 where it is not said'),
  maxConcurrency: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe('With forEach: items side by side; 10 where it is not said'),
  tolerate: z
    .union([
      z.number().int().min(0),
      z.string().regex(/^\d{1,3}%$/, 'it is a number of items, or a share of them such as 10%'),
    ])
    .optional()
    .describe('With forEach: how many items may fail, or which share; none where it is not said'),
}

const AgentStepSchema = z.strictObject({
  ...common,
  capability: CapabilityNameSchema.optional().describe(
    'What is to be done; the best agent that offers it does it',
  ),
  agent: z.string().optional().describe('Pin one agent, optionally id@version'),
  input: z.unknown().optional().describe('What the agent gets: a value with expressions'),
  forEach: ListExpressionSchema.optional().describe('Once for each item of this list ($item, $index)'),
  ...ofFanOut,
  bind: z
    .enum(['early', 'late'])
    .default('early')
    .describe('When its agent is chosen: with the plan, or just before it runs'),
  timeoutSeconds: seconds(840).optional().describe('Of one attempt; 300 where it is not said'),
  retry: RetrySchema.prefault({}).describe('How often one agent is asked after a failure that may pass'),
  fallback: distinct(z.array(z.union([AgentIdSchema, CapabilityNameSchema])))
    .optional()
    .describe('Agents or capabilities to ask next, in this order, when an agent has failed for good'),
  prefer: PreferSchema.optional().describe('What counts in the choice of its agent'),
  cache: z
    .strictObject({ ttlSeconds: seconds(2_592_000).describe('How old such an output may be') })
    .optional()
    .describe('An earlier output of the same agent version for an equal input is used again'),
})

const RepeatStepSchema = z.strictObject({
  ...common,
  repeat: z
    .strictObject({
      get steps() {
        return StepsSchema.describe('The steps of a round')
      },
      until: ConditionSchema.describe('Boolean expression, evaluated after each round: true ends the loop'),
      maxIterations: z
        .number()
        .int()
        .min(1)
        .max(1_000)
        .describe('Rounds; after the last the loop fails with LoopExhaustedError'),
      output: z.unknown().optional().describe("Of the last round; default: its last steps' outputs by id"),
    })
    .describe('Which steps go round, and until when'),
})
/** An interface, because the type is recursive; exported, because the types of the routes refer to it. */
export interface StepsById {
  [id: string]: Step
}
const EachStepSchema = z.strictObject({
  ...common,
  forEach: z
    .string({ error: 'a step with steps goes through a list: say forEach: "{% ... %}"' })
    .meta(EXPRESSION)
    .describe('The list ($item, $index)'),
  ...ofFanOut,
  steps: z.lazy((): z.ZodType<StepsById> => StepsSchema).describe('What is done for each item'),
  output: z.unknown().optional().describe("Of one item; default: its last steps' outputs by id"),
})
const ApprovalStepSchema = z.strictObject({
  ...common,
  approval: z
    .strictObject({
      prompt: z.string().describe('What the person is asked; text, with expressions in it'),
      choices: z
        .array(z.string())
        .meta({ minItems: 1, uniqueItems: true })
        .optional()
        .describe('What may be answered; approve, reject where it is not said'),
      approvers: distinct(z.array(z.string()))
        .optional()
        .describe('Who may answer; anyone where it is not said'),
      timeoutSeconds: seconds(YEAR_SECONDS).describe('Mandatory: every wait on a person ends'),
      onTimeout: z
        .string()
        .optional()
        .describe(
          'The choice that counts when nobody has answered in time; where it is not said the step fails',
        ),
    })
    .describe('What a person is asked, and for how long'),
})
const WaitStepSchema = z.strictObject({
  ...common,
  wait: z
    .union([
      z.strictObject({
        seconds: z
          .union([
            z.number().meta({ minimum: 0 }),
            z.string('an expression is written "{% ... %}"').meta(EXPRESSION),
          ])
          .describe('For so long; a number or an expression'),
      }),
      z.strictObject({
        until: z
          .string('a time is written "2026-12-24T18:00:00Z", an expression "{% ... %}"')
          .describe('Until then; a time with its zone, with expressions in it'),
      }),
    ])
    .describe('For how long, or until when'),
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
  input: z.unknown().optional().describe('The input of the child: a value with expressions'),
  forEach: ListExpressionSchema.optional().describe('A child for each item of this list ($item, $index)'),
  ...ofFanOut,
  timeoutSeconds: seconds(YEAR_SECONDS).optional().describe('Of the whole child; a year is the most'),
})
const EmitStepSchema = z.strictObject({
  ...common,
  emit: z
    .strictObject({
      type: z.string().describe('The event is `custom.<type>`; text, with expressions in it'),
      data: z.unknown().optional().describe('What it carries: a value with expressions'),
    })
    .describe('Which event'),
})

/** One schema for each kind of step. A step's kind is determined by its marking field; an agent's step has none. */
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
/** The kinds with a marking field. */
export const MARKED_KINDS = STEP_KINDS.filter((kind) => kind !== 'agent')

export const StepSchema = z.union(Object.values(SCHEMAS))
export type Step = z.infer<typeof StepSchema>
/** The steps of a workflow, or of a body, by id. */
export type Steps = Readonly<Record<string, Step>>

export const StepsSchema: z.ZodType<StepsById> = z.lazy(() => z.record(StepIdSchema, StepSchema))

/** The kind of an unparsed step, by its marking field. */
export function stepKind(step: object): StepKind {
  return MARKED_KINDS.find((kind) => kind in step) ?? 'agent'
}

/** The schema for an unparsed step. */
export function stepSchemaFor(step: object): (typeof SCHEMAS)[StepKind] {
  return SCHEMAS[stepKind(step)]
}
