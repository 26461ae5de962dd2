import { decisionOf } from '../app/agents/agent-statistics.ts'
import { admit } from '../app/limits/admission.ts'
import { makeSpending } from '../app/limits/spending.ts'
import type { HostPorts } from './host-ports.ts'
import type { AdmittedCall, Limits, StepRun } from './step-run.ts'

type Needs = Pick<
  HostPorts,
  'breakers' | 'limits' | 'budgets' | 'quotas' | 'money' | 'bus' | 'clock' | 'prices' | 'steps'
>

/**
 * Admits the call: takes a slot of the agent's concurrency limit, its share of the rate limit, and a budget
 * reservation. Throws AgentUnavailableError, AgentBusyError or BudgetExceededError.
 */
export async function admitCall(
  ports: Needs,
  { agent, own, plan, record, agentId, role, log }: StepRun,
  { deadline }: Limits,
): Promise<AdmittedCall> {
  const { manifest } = agent
  // The rivals of a judge are not those of the agent whose output it judges (judging/W4).
  const decision = role === 'judge' ? undefined : decisionOf(plan, own.path, record.decision)
  const admitted = await admit(ports, { own, plan, agentId, manifest, decision, deadline })
  const spending = makeSpending(manifest.price, ports.prices, (model) =>
    log.warn('cost unknown: set prices.models in the stage, or report costUsd', { agentId, model }),
  )
  await noLongerHeld(ports, { own, record, log })
  return { admitted, spending }
}

/** The attempt of a step that was held begins now. Best effort, like all that is only displayed. */
async function noLongerHeld(
  { steps }: Pick<Needs, 'steps'>,
  { own, record, log }: Pick<StepRun, 'own' | 'record' | 'log'>,
): Promise<void> {
  if (record.held === undefined) return
  delete record.held
  await steps.noteStep(own, { held: undefined }).catch((reason: unknown) => {
    log.warn('not noted that the step is no longer held', { reason: String(reason) })
  })
}
