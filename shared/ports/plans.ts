import type { KeptEstimate } from '../domain/estimate.ts'
import type { Json } from '../domain/json.ts'
import type { Binding, Decision, Gate } from '../domain/plan.ts'
import type { Prefer } from '../domain/prefer.ts'
import type { TaskTerms } from '../domain/task.ts'
import type { Workflow } from '../workflow/schema.ts'

/** The request of a task, and how it will be run; immutable once written. Each retry of a task has its own plan. */
export type Plan = TaskTerms & {
  taskId: string
  /** The number of the execution; the first when absent. */
  execution?: number
  /** The digest of a retry's overrides, which makes its request idempotent. */
  retryDigest?: string
  stateMachineArn: string
  workflow: Workflow
  input: Json
  bindings: Record<string, Binding>
  decisions: Decision[]
  gates: Gate[]
  /** By place, the qualified name of each child workflow; with a version when the latest at planning is pinned. */
  children?: Record<string, { name: string; version?: number }> | undefined
  prefer?: Prefer | undefined
  estimate?: KeptEstimate | undefined
  /** On a machine that workflows of one shape share: the position of each step. */
  positions?: Record<string, string> | undefined
  /** Places of the steps that have the states of a suspension; none when absent. */
  suspending?: string[] | undefined
  asksAnew?: AsksAnew | undefined
}

/**
 * By place, the approvals that count no more if they ask something else than was answered. `always`: nor if they were answered before the execution `since`, for what is behind them
 * has changed.
 */
export type AsksAnew = Record<string, { since: number; always: boolean }>

/** Plans of tasks. */
export type Plans = {
  /** False when this execution of the task already has a plan; the first stays. */
  createPlan(plan: Plan): Promise<boolean>
  /** Throws NotFoundError. */
  getPlan(taskId: string, execution?: number): Promise<Plan>
}
