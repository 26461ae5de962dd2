import * as z from 'zod'
import { ShownApprovalSchema } from '../domain/approval.ts'
import { EstimateSchema, KeptEstimateSchema } from '../domain/estimate.ts'
import { EvaluationSchema, RatingSchema } from '../domain/evaluation.ts'
import { DomainEventSchema } from '../domain/event.ts'
import { IssueSchema } from '../domain/issue.ts'
import { BindingSchema, DecisionSchema } from '../domain/plan.ts'
import { AttemptSchema, HeldSchema, STEP_STATUSES } from '../domain/step.ts'
import { AwaitedMessageSchema } from '../domain/suspension.ts'
import {
  CalibrationSchema,
  CostSchema,
  ForkedFromSchema,
  ParentSchema,
  RetrySchema,
  TASK_STATUSES,
  TaskErrorSchema,
} from '../domain/task.ts'
import { STEP_KINDS } from '../workflow/schema.ts'
import { BudgetViewSchema } from './budget-views.ts'

const DegradedCount = z
  .number()
  .int()
  .optional()
  .describe('The full number, when `degraded` is truncated; the steps list all')

export const CursorSchema = z
  .string()
  .optional()
  .describe('The start of the next page; absent on the last one')

/** The records as callers see them, without internal fields (fences, owners, digests, storage pointers). */
export const TaskViewSchema = z.object({
  taskId: z.string(),
  status: z.enum(TASK_STATUSES),
  type: z.string().optional(),
  goal: z.string().optional().describe('The goal that it was submitted with, its first 300 characters'),
  workflow: z.object({ name: z.string(), version: z.number() }),
  createdAt: z.string(),
  endedAt: z.string().optional(),
  durationMs: z.number().optional(),
  error: TaskErrorSchema.optional(),
  degraded: z.array(z.object({ path: z.string(), reason: z.string() })).optional(),
  degradedCount: DegradedCount,
  metadata: z.record(z.string(), z.string()),
  retries: z.array(RetrySchema).optional(),
  forkedFrom: ForkedFromSchema.optional(),
  submittedBy: z
    .array(z.string())
    .optional()
    .describe(
      'Who has submitted, forked or retried it, and who has made their keys; only in the answer for a single task',
    ),
  priority: z.number().optional(),
  deadline: z.string().optional(),
  cost: CostSchema.optional().describe('The cost of its agents and its child workflows'),
  budget: BudgetViewSchema.optional(),
  estimate: KeptEstimateSchema.optional().describe('The estimate that was made before the task started'),
  evaluation: EvaluationSchema.optional().describe("What the workflow's `evaluate` says of its output"),
  calibration: CalibrationSchema.optional().describe(
    'The estimate compared with the actual duration and cost',
  ),
  queue: z
    .object({ position: z.number().int().min(1) })
    .optional()
    .describe('The position in the queue, while the task is queued'),
  execution: z.object({
    name: z.string(),
    arn: z.string(),
    stateMachineArn: z.string().describe('With the version number, when the task runs a published version'),
    consoleUrl: z.url().optional().describe('The execution in the Step Functions console'),
  }),
  parent: ParentSchema.pick({ taskId: true, path: true })
    .optional()
    .describe('The task and the step that run this task as a child'),
  warnings: z
    .array(IssueSchema)
    .optional()
    .describe('Wrong names and types in its workflow, if it was submitted with `lenient`'),
  links: z.record(z.string(), z.string()),
})
export type TaskView = z.infer<typeof TaskViewSchema>

/** The number of items of a fan-out by status. */
export const ItemCountsSchema = z.object({
  total: z.number().int().optional().describe('The number of items, once it is known'),
  running: z.number().int(),
  succeeded: z.number().int(),
  failed: z.number().int(),
  agents: z
    .record(z.string(), z.number().int())
    .optional()
    .describe('How many of the ended items each agent has done, where it is not the one agent of the step'),
})
export type ItemCounts = z.infer<typeof ItemCountsSchema>

const WaitsForSchema = z.object({
  kind: z.enum(['time', 'callback', 'message']),
  number: z.number().int().describe('How often the step has been suspended in this execution'),
  since: z.string(),
  until: z.string().describe('When the wait is over, whatever has happened'),
  heartbeatSeconds: z.number().optional().describe('It is over earlier where nothing is heard for so long'),
  message: AwaitedMessageSchema.optional(),
})

const OneOfSchema = z.array(z.string()).describe('All that an expression for the capability may come to')

export const StepViewSchema = z.object({
  stepId: z.string(),
  status: z.enum(STEP_STATUSES),
  capability: z.string().optional().describe('Where it is an expression: what that has come to'),
  oneOf: OneOfSchema.optional(),
  agentId: z.string().optional(),
  agentVersion: z.string().optional().describe('The version of the agent that works on it, or has succeeded'),
  agentCode: z.string().optional().describe('A digest of the code of the agent that has succeeded'),
  needs: z.array(z.string()),
  startedAt: z.string().optional().describe('When its first attempt began'),
  attemptStartedAt: z
    .string()
    .optional()
    .describe(
      'When its last attempt began, where that is not the first; failed attempts have their own times',
    ),
  endedAt: z.string().optional(),
  durationMs: z.number().optional().describe('From the first attempt to the end'),
  held: HeldSchema.optional().describe('Why a running step calls no agent now, and until when'),
  waitsFor: WaitsForSchema.optional().describe('What its agent waits for, which has suspended'),
  attempts: z.array(AttemptSchema),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
  degraded: z.string().optional(),
  skipReason: z.string().optional(),
  progress: z.object({ fraction: z.number(), note: z.string() }).optional(),
  said: z
    .string()
    .optional()
    .describe('The end of what a model says in it now; only while somebody watches the task'),
  evaluation: EvaluationSchema.optional().describe('What `evaluate` says of its output'),
  judging: z
    .object({
      since: z.string().describe('When its agent had made the output'),
      by: z.string().optional().describe('The judge that has it now, once one is called'),
    })
    .optional()
    .describe('Its output is made and waits for its judge; `agentId` is the agent that has made it'),
  rating: RatingSchema.optional().describe('What a person says of its output'),
  decision: DecisionSchema.optional(),
  approval: ShownApprovalSchema.optional(),
  reused: z
    .object({ taskId: z.string(), path: z.string() })
    .optional()
    .describe(
      'The step whose output this one has: from the cache, or of the task that this one is a fork of',
    ),
  round: z.number().optional().describe('The latest round of a loop'),
  items: ItemCountsSchema.optional().describe('The items of a fan-out, counted'),
  child: z.string().optional().describe('The task that runs the workflow which this step calls'),
  costUsd: z
    .number()
    .optional()
    .describe('The cost of all attempts; of a loop, a round and a fan-out: of all that ran in it'),
  tokens: z.number().optional(),
  unpriced: z
    .array(z.string())
    .optional()
    .describe('Models that it has used whose price is not known: the cost is at least this'),
  input: z
    .unknown()
    .optional()
    .describe(
      'What its agent was given by its latest run, or the step itself. Only in the answer for a single step, or with `inputs`; there is none of loops, of what was skipped, and of what ran before inputs were kept',
    ),
  output: z.unknown().optional().describe('Only in the answer for a single step, or with `outputs`'),
})
export type StepView = z.infer<typeof StepViewSchema>

export const TaskWithStepsViewSchema = TaskViewSchema.extend({
  steps: z
    .array(StepViewSchema)
    .describe(
      'For a loop the steps of its latest round, for a fan-out the items that wait; `links.steps` has all',
    ),
  moreSteps: z.number().int().optional().describe('The number left out, if not all fit the response'),
})
export type TaskWithStepsView = z.infer<typeof TaskWithStepsViewSchema>

export const TaskStatusViewSchema = TaskViewSchema.pick({ taskId: true, status: true }).extend({
  steps: z.record(z.string(), z.number()).describe('How many steps have each status'),
  items: z.record(z.string(), ItemCountsSchema).optional().describe('By path of each begun fan-out'),
})

export const ResultViewSchema = z.object({
  taskId: z.string(),
  status: z.literal('succeeded'),
  result: z.unknown(),
  degraded: z.array(z.object({ path: z.string(), reason: z.string() })),
  degradedCount: DegradedCount,
})

export const PlanViewSchema = z.object({
  workflow: z.object({ name: z.string(), version: z.number() }),
  steps: z.array(
    z.object({
      stepId: z.string().describe('The id; for a step in a loop with the loop before it (improve.draft)'),
      kind: z.enum(STEP_KINDS),
      needs: z.array(z.string()),
      capability: z.string().optional(),
      oneOf: OneOfSchema.optional(),
    }),
  ),
  criticalPath: z.array(z.string()).describe('The longest chain of steps'),
  bindings: z.record(z.string(), BindingSchema),
  decisions: z.array(DecisionSchema),
  gates: z.array(z.object({ before: z.string(), after: z.array(z.string()) })),
  estimate: EstimateSchema,
  counts: z.object({
    steps: z.number(),
    states: z.number(),
    transitions: z.number().describe('State transitions of a run without failures'),
    worstTransitions: z.number(),
    events: z
      .number()
      .describe(
        "The estimated events of the execution's history; Step Functions stops an execution at 25,000",
      ),
    worstEvents: z.number(),
    definitionBytes: z.number(),
    requestBytes: z
      .number()
      .describe(
        'The size of the largest definition as it is sent, escaped and with substitutions; Step Functions accepts 1 MB',
      ),
    executions: z
      .number()
      .describe('The number of executions; more than one when a single definition would be too large'),
  }),
  warnings: z.array(IssueSchema).describe('Problems that may occur in a run, but need not'),
})
export type PlanView = z.infer<typeof PlanViewSchema>

export const EventViewSchema = DomainEventSchema
