import * as z from 'zod'
import { distinct } from '../domain/distinct.ts'
import { type Step, StepIdSchema, type StepKind, type StepOf, StepSchema, stepKind } from './step-schemas.ts'

export {
  MARKED_KINDS,
  STEP_KINDS,
  type Step,
  StepIdSchema,
  type StepKind,
  type StepOf,
  type Steps,
  stepKind,
  stepSchemaFor,
  YEAR_SECONDS,
} from './step-schemas.ts'

export type AgentStep = StepOf<'agent'>

export const WorkflowNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,47}$/,
    'a workflow name starts with a-z, has a-z, 0-9, - and _, at most 48 characters',
  )

/** Of one attempt, where a step does not say. */
export const DEFAULT_TIMEOUT_SECONDS = 300

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

/** The kinds that can be done once for each item of a list: by an agent, as a child workflow, or with steps of their own. */
export type FanOutKind = { [Kind in StepKind]: 'forEach' extends keyof StepOf<Kind> ? Kind : never }[StepKind]
export type FanOut = StepOf<FanOutKind> & { forEach: string }

export function isFanOut(step: Step): step is FanOut {
  return 'forEach' in step && step.forEach !== undefined
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
  output: z.unknown().optional().describe("Value with expressions; default: the last steps' outputs by id"),
})

export const WorkflowSchema = WorkflowHeadSchema.extend({
  steps: z
    .record(StepIdSchema, StepSchema)
    .describe('By id, at least one; their order follows from what each waits for'),
})
export type Workflow = z.infer<typeof WorkflowSchema>
