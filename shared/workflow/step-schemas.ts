/** The schemas of steps, one for each kind. */
import * as z from 'zod'
import { AgentIdSchema } from '../domain/agent.ts'
import { NOT_BY } from '../domain/approval.ts'
import { CapabilityNameSchema, MOST_CHOICES_OF_CAPABILITY } from '../domain/capability.ts'
import { distinct } from '../domain/distinct.ts'
import { PreferSchema } from '../domain/prefer.ts'
import { ConverseStepSchema } from './converse-schema.ts'
import { StepEvaluateSchema } from './evaluation/evaluate-schema.ts'
import { RetrySchema, WITHOUT_RETRY } from './retry-policy.ts'
import { SendStepSchema } from './send-schema.ts'
import { StepStateSchema } from './state-schema.ts'
import {
  ConditionSchema,
  common,
  EXPRESSION,
  ListExpressionSchema,
  ofFanOut,
  seconds,
  YEAR_SECONDS,
} from './step-fields.ts'
import { StepIdSchema } from './step-id.ts'
import { WaitStepSchema } from './wait-schema.ts'

const AgentStepSchema = z.strictObject({
  ...common,
  capability: z
    .string()
    .regex(
      /^(?:(?![\s\S]{65})[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*|\s*\{%[\s\S]*%\}\s*)$/,
      'a capability is lower case words joined by dots, e.g. text.summarize, at most 64 characters, or an expression "{% ... %}" for one',
    )
    .optional()
    .describe(
      'The capability to call; the planner chooses the best agent that offers it. Or an expression for it, with `oneOf` and `bind: late`: it is evaluated when the step begins',
    ),
  oneOf: distinct(z.array(CapabilityNameSchema).min(1).max(MOST_CHOICES_OF_CAPABILITY))
    .optional()
    .describe(
      'With an expression for the capability: every capability that it may come to. Another value ends the step with CapabilityNotAllowedError',
    ),
  agent: z.string().optional().describe('Pin one agent, optionally id@version'),
  input: z.unknown().optional().describe('The input of the agent: a value with expressions'),
  forEach: ListExpressionSchema.optional().describe(
    'Runs the step once for each item of this list ($item, $index)',
  ),
  ...ofFanOut,
  bind: z
    .enum(['early', 'late'])
    .default('early')
    .describe('When the agent is chosen: when the task is planned, or just before the step runs'),
  timeoutSeconds: seconds(840).optional().describe('The timeout of one attempt; 300 by default'),
  retry: RetrySchema.prefault(WITHOUT_RETRY).describe(
    'How often one agent is called, and after which failures; by default three times, after transient errors. An agent that alone offers the capability gets all these calls, whatever other steps have seen of it, also where the step has a `fallback`',
  ),
  fallback: distinct(z.array(z.union([AgentIdSchema, CapabilityNameSchema])))
    .optional()
    .describe(
      'Agents or capabilities to ask next, in this order, when an agent has failed for good (its calls by `retry` are used up, or its failure is none that is retried), or at once while every agent of the capability is at its limits or held back. `status` and `explain` tell a step that a fallback has done',
    ),
  prefer: PreferSchema.optional().describe('The weights and tags by which the agent is chosen'),
  cache: z
    .strictObject({ ttlSeconds: seconds(2_592_000).describe('The greatest age of a cached output') })
    .optional()
    .describe('Reuses an earlier output of the same agent version for an equal input'),
  evaluate: StepEvaluateSchema.optional().describe(
    'How good the output is, from 0 to 1, by checks that each count the same; kept with the step, shown, and learnt from when the next agent is chosen. Its expressions also know `$output` and `$stepInput`',
  ),
  state: StepStateSchema.optional().describe(
    'What the step writes into the shared state when its agent has succeeded: once, before any step that waits for it begins',
  ),
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
        .describe('The most rounds; after the last one the loop fails with LoopExhaustedError'),
      output: z
        .unknown()
        .optional()
        .describe(
          "The output of the loop, from its last round; default: that round's last steps' outputs by id",
        ),
    })
    .describe('A loop: the steps of its body, and the condition that ends it'),
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
  steps: z.lazy((): z.ZodType<StepsById> => StepsSchema).describe('The steps for each item'),
  output: z.unknown().optional().describe("The output of one item; default: its last steps' outputs by id"),
})
const ApprovalStepSchema = z.strictObject({
  ...common,
  approval: z
    .strictObject({
      prompt: z.string().describe('What the person is asked; text, with expressions in it'),
      value: z
        .unknown()
        .optional()
        .describe(
          'What is decided on: a value with expressions, shown with the question, and `value` of the output',
        ),
      edit: z
        .record(z.string(), z.unknown())
        .optional()
        .describe(
          'Lets an answer change `value`: the JSON Schema that the changed value has to fit, `{}` for any',
        ),
      choices: z
        .array(z.string())
        .meta({ minItems: 1, uniqueItems: true })
        .optional()
        .describe('The choices; approve and reject by default'),
      approvers: distinct(z.array(z.string()))
        .optional()
        .describe(
          'Who may answer, by what their credentials say: the subject of a token, `key/<id>`, an ARN of IAM, `role/<name>`, `user/<name>`, or `scope/<scope>` for all who hold it; anyone by default',
        ),
      notBy: z
        .enum(NOT_BY)
        .optional()
        .describe(
          'Who may not answer, whatever else holds: `submitter` is who has submitted, forked or retried the task, himself or by a key',
        ),
      timeoutSeconds: seconds(YEAR_SECONDS).describe('Mandatory: every wait for a person ends'),
      onTimeout: z
        .string()
        .optional()
        .describe('The choice that is taken after the timeout; without it the step fails'),
    })
    .describe('What a person is asked, and for how long'),
})
const ChildStepSchema = z.strictObject({
  ...common,
  workflow: z
    .string()
    .regex(
      /^(?:[a-z][a-z0-9_-]{0,47}(@[1-9]\d{0,8})?|\s*\{%[\s\S]*%\}\s*)$/,
      'a child is the name of a registered workflow, optionally name@version, or an expression "{% ... %}" for a workflow',
    )
    .describe(
      'A registered workflow, optionally name@version, the newest version at planning; or an expression whose value is a name, or a workflow of its own, when the step begins',
    ),
  input: z.unknown().optional().describe('The input of the child: a value with expressions'),
  forEach: ListExpressionSchema.optional().describe('A child for each item of this list ($item, $index)'),
  ...ofFanOut,
  timeoutSeconds: seconds(YEAR_SECONDS).optional().describe('The timeout of the whole child; at most a year'),
})
const EmitStepSchema = z.strictObject({
  ...common,
  emit: z
    .strictObject({
      type: z.string().describe('The event is `custom.<type>`; text, with expressions in it'),
      data: z.unknown().optional().describe('The data of the event: a value with expressions'),
    })
    .describe('The event to publish'),
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
  send: SendStepSchema,
  converse: ConverseStepSchema,
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
