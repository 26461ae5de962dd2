import type { KeptEstimate } from '../domain/estimate.ts'
import type { Json } from '../domain/json.ts'
import type { Binding, Decision, Gate } from '../domain/plan.ts'
import type { Prefer } from '../domain/prefer.ts'
import type { TaskTerms } from '../domain/task.ts'
import type { Workflow } from '../workflow/schema.ts'

/** Immutable once written: what a task was asked, and how it will be run. A retry has a plan of its own. */
export type Plan = TaskTerms & {
  taskId: string
  /** The first where it is not said. */
  execution?: number
  /** Of what a retry wished otherwise. */
  retryDigest?: string
  stateMachineArn: string
  workflow: Workflow
  input: Json
  bindings: Record<string, Binding>
  decisions: Decision[]
  gates: Gate[]
  /** For each child workflow, by place, what it is called, and the version that was the newest at planning where those do not change. */
  children?: Record<string, { name: string; version?: number }> | undefined
  prefer?: Prefer | undefined
  estimate?: KeptEstimate | undefined
  /** On a machine that workflows of one shape share: where each step stands in it. */
  positions?: Record<string, string> | undefined
}

/** Plans of tasks. */
export type Plans = {
  /** False when this execution of the task already has a plan; the first stays. */
  createPlan(plan: Plan): Promise<boolean>
  /** Throws NotFoundError. */
  getPlan(taskId: string, execution?: number): Promise<Plan>
}
