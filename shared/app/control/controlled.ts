import type { ControlPayload } from '../../contracts/step-payload.ts'
import type { Json } from '../../domain/json.ts'
import type { StepRecord } from '../../domain/step.ts'
import type { ExecutionInput, Ports, StepEnd } from '../../ports/index.ts'
import type { Step } from '../../workflow/schema.ts'
import type { PlanningNeeds } from '../agents/agent-knowledge.ts'
import { endStep, type Situation } from '../steps/settle-failure.ts'

/**
 * Read by the states that follow: `seconds` by the Wait; `indexes`, `lanes` and `apart` by the Map; `round` by the loop's body; `child` by
 * the state that runs it.
 */
export type ControlAnswer = {
  seconds?: number
  indexes?: number[]
  /** How many items run concurrently. */
  lanes?: number
  /** Present when each item has its own execution. */
  apart?: true
  round?: string
  child?: { stateMachineArn: string; name: string } & ExecutionInput
  status?: StepRecord['status']
}

/** A step that this invocation owns, with its call. */
export type Owned<OfStep extends Step = Step> = Omit<Situation, 'ports' | 'step'> & {
  ports: Pick<
    Ports,
    | 'tasks'
    | 'plans'
    | 'steps'
    | 'gates'
    | 'values'
    | 'sharedState'
    | 'waits'
    | 'messages'
    | 'bell'
    | 'suspensions'
    | 'clock'
    | 'bus'
    | 'ids'
    | 'executions'
    | 'budgets'
    | 'queue'
    | 'prices'
    | 'machines'
    | 'collectables'
  > &
    PlanningNeeds
  step: OfStep
  call: Pick<ControlPayload, 'token' | 'round' | 'error'>
}

/** The implementation of one kind of control step: `begin`, and `end` after the wait. */
export type Controlled<OfStep extends Step> = {
  /** The expressions to evaluate before the step begins. */
  template(step: OfStep): Readonly<Record<string, unknown>>
  /** What of the evaluated template is kept as the step's input; undefined where the step has none, or `begin` keeps it. */
  inputIn(value: Record<string, Json>): Json | undefined
  begin(owned: Owned<OfStep>, value: Record<string, Json>): Promise<ControlAnswer>
  /** Before the step is taken over: lets one that has ended run again, where it may. */
  reopen?(
    known: Pick<Owned<OfStep>, 'ports' | 'plan' | 'step'>,
    path: string,
    value: Record<string, Json>,
  ): Promise<void>
  end(owned: Owned<OfStep>): Promise<ControlAnswer>
}

export async function end(owned: Owned, outcome: Omit<StepEnd, 'endedAt'>): Promise<ControlAnswer> {
  await endStep(owned, outcome)
  return over(outcome.status)
}

/** The answer for a step that has ended, so that its states do not wait (control/O3). */
export const over = (status: StepRecord['status']): ControlAnswer => ({
  status,
  seconds: 0,
  indexes: [],
  round: '',
})
