import * as z from 'zod'
import { distinct } from '../domain/distinct.ts'
import { EvaluateSchema } from './evaluation/evaluate-schema.ts'
import { WorkflowStateSchema } from './state-schema.ts'
import { StepIdSchema } from './step-id.ts'
import { type Step, type StepKind, type StepOf, StepSchema, stepKind } from './step-schemas.ts'

export { YEAR_SECONDS } from './step-fields.ts'
export { StepIdSchema } from './step-id.ts'
export {
  MARKED_KINDS,
  STEP_KINDS,
  type Step,
  type StepKind,
  type StepOf,
  type Steps,
  stepKind,
  stepSchemaFor,
} from './step-schemas.ts'

export type AgentStep = StepOf<'agent'>

export const WorkflowNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,47}$/,
    'a workflow name starts with a-z, has a-z, 0-9, - and _, at most 48 characters',
  )

/** The timeout of one attempt. */
export const DEFAULT_TIMEOUT_SECONDS = 300

/** The choices of an approval. */
export const DEFAULT_CHOICES = ['approve', 'reject']

/** The limit of a fan-out's items. */
export const DEFAULT_MAX_ITEMS = 1_000
/** The concurrency of a fan-out. */
export const DEFAULT_CONCURRENCY = 10
/**
 * Most items in one execution when agents have limits: 25,000 history events are 250 for each item. More items get their own executions.
 */
export const MOST_TOGETHER = 100

/** The deepest nesting of loops and fan-outs with bodies. */
export const MAX_NESTING = 8

/** The assumed number of items of a fan-out and rounds of a loop, when unknown. */
export const EXPECTED_ITEMS = 10
export const EXPECTED_ROUNDS = 2

/** A definition with more steps would exceed Step Functions' limits anyway. */
export const MAX_STEPS = 1_000

/** Narrows to a step that an agent runs: the only kind without a marking field. */
export function isAgentStep(step: Step): step is AgentStep {
  return stepKind(step) === 'agent'
}

/** Whether the body of a step runs round by round. */
export function isLoop(step: Step): step is StepOf<'repeat' | 'converse'> {
  return 'repeat' in step || 'converse' in step
}

/** Whether a step is a fan-out with a body. */
export function isEach(step: Step): step is StepOf<'steps'> {
  return 'steps' in step
}

/** The kinds that can be a fan-out: by an agent, a child workflow, or a body of steps. */
export type FanOutKind = { [Kind in StepKind]: 'forEach' extends keyof StepOf<Kind> ? Kind : never }[StepKind]
export type FanOut = StepOf<FanOutKind> & { forEach: string }

export function isFanOut(step: Step): step is FanOut {
  return 'forEach' in step && step.forEach !== undefined
}

/** Whether the task continues when the step has failed for good. */
export function goesOnAfterFailure({ onFailure }: Pick<Step, 'onFailure'>): boolean {
  return onFailure === 'continue' || (typeof onFailure === 'object' && 'step' in onFailure)
}

/** Versions are stored as sort keys of eight digits. */
const MOST_VERSION = 99_999_999
const MOST_TASK_TYPES = 100

/** A workflow without its steps: they are parsed one by one so that each issue names its step. */
export const WorkflowHeadSchema = z.strictObject({
  name: WorkflowNameSchema.describe('Unique in an installation'),
  version: z
    .number()
    .int()
    .min(1)
    .max(MOST_VERSION)
    .default(1)
    .describe('A published version never changes: count it up with each change'),
  description: z.string().max(1_000).default('').describe('For people'),
  taskTypes: distinct(z.array(WorkflowNameSchema).max(MOST_TASK_TYPES))
    .default([])
    .describe('Types of tasks that this workflow serves, besides its name'),
  input: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema of the task input; checked at submit'),
  state: WorkflowStateSchema.optional().describe(
    'The shared state of its tasks, by key ($state.<key>): what agents and steps write for one another while a task runs',
  ),
  output: z.unknown().optional().describe("Value with expressions; default: the last steps' outputs by id"),
  evaluate: EvaluateSchema.optional().describe(
    'How good the output of the workflow is, as for a step; with a score below `atLeast` the task fails',
  ),
})

export const WorkflowSchema = WorkflowHeadSchema.extend({
  steps: z
    .record(StepIdSchema, StepSchema)
    .describe('By id, at least one; their order follows from what each waits for'),
})
export type Workflow = z.infer<typeof WorkflowSchema>
