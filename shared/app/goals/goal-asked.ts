import type { Goal } from '../../planner/planner-prompt.ts'
import type { Ports } from '../../ports/index.ts'
import type { PlanningNeeds } from '../agents/agent-knowledge.ts'

export type GoalPorts = PlanningNeeds & Pick<Ports, 'tasks' | 'plans' | 'steps' | 'values' | 'prices' | 'ids'>

/** A goal to plan, with what decides about its review. */
export type GoalAsked = Goal & {
  /** The most that the whole task may cost; by default the budget of the task. */
  budgetUsd?: number | undefined
  review: boolean
  reviewAboveUsd: number
  /** The step of this task whose child has run the plan before, and why that failed. */
  failed?: { step: string; name: string; message: string } | undefined
}
