import type { ControlPayload } from '../../contracts/step-payload.ts'
import type { Json } from '../../domain/json.ts'
import type { StepRecord } from '../../domain/step.ts'
import type { ExecutionInput, Ports, StepEnd } from '../../ports/index.ts'
import type { Step } from '../../workflow/schema.ts'
import type { PlanningNeeds } from '../agents/agent-knowledge.ts'
import { endStep, type Situation } from '../steps/settle-failure.ts'

/** `seconds` is for the Wait that comes next, `indexes`, `lanes` and `apart` for the Map, `round` for a loop's body, `child` for what runs it. */
export type ControlAnswer = {
  seconds?: number
  indexes?: number[]
  /** How many items run side by side. */
  lanes?: number
  /** Said where the items have executions of their own. */
  apart?: true
  round?: string
  child?: { stateMachineArn: string; name: string } & ExecutionInput
  status?: StepRecord['status']
}

/** A step that this call owns, and what the call says beside. */
export type Owned<OfStep extends Step = Step> = Omit<Situation, 'ports' | 'step'> & {
  ports: Pick<
    Ports,
    | 'tasks'
    | 'plans'
    | 'steps'
    | 'gates'
    | 'values'
    | 'bus'
    | 'ids'
    | 'executions'
    | 'budgets'
    | 'queue'
    | 'prices'
  > &
    PlanningNeeds
  step: OfStep
  call: Pick<ControlPayload, 'token' | 'round' | 'error'>
}

/** What one kind of step does when it begins, and when whatever it waited for is over. */
export type Controlled<OfStep extends Step> = {
  /** What is evaluated before the step is done. */
  template(step: OfStep): Readonly<Record<string, unknown>>
  begin(owned: Owned<OfStep>, value: Record<string, Json>): Promise<ControlAnswer>
  end(owned: Owned<OfStep>): Promise<ControlAnswer>
}

export async function end(owned: Owned, outcome: Omit<StepEnd, 'endedAt'>): Promise<ControlAnswer> {
  await endStep(owned, outcome)
  return over(outcome.status)
}

/** There is nothing to wait for any more (control/O3). */
export const over = (status: StepRecord['status']): ControlAnswer => ({
  status,
  seconds: 0,
  indexes: [],
  round: '',
})
