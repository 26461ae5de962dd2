import type { AgentManifest } from '../../domain/agent.ts'
import { failureKind } from '../../domain/failure-kinds.ts'
import type { Attempt, StepRecord } from '../../domain/step.ts'
import { millisecondsBetween } from '../../domain/times.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import type { CallEnd } from '../../selector/breaker.ts'
import { additionsOf, sumsAt } from '../../selector/decayed-counters.ts'
import { JUDGE } from '../../workflow/evaluation/check-judgement.ts'
import { decisionOf } from '../agents/agent-statistics.ts'
import { capabilityAsked } from '../agents/capability-asked.ts'
import { calledStep } from './chosen-capability.ts'

/** An attempt that has ended; without an error it has succeeded. */
export type EndedAttempt = {
  plan: Plan
  path: string
  record: Pick<StepRecord, 'decision' | 'capability'>
  agent: Pick<AgentManifest, 'id' | 'version' | 'capabilities'>
  attempt: Pick<Attempt, 'startedAt' | 'endedAt' | 'evaluation'> &
    Partial<Pick<Attempt, 'error' | 'costUsd' | 'tokens'>>
  /** Whether the agent was called to judge an output: then the step's capability and decision are not its. */
  isJudge?: boolean
}

/**
 * Adds an attempt to its agent's statistics; called once, by the invocation that has recorded its end. If there was a
 * choice of agents, the attempt's quality is compared with the expected quality in the decision. Returns the agent's
 * recent counters.
 */
export async function countAttempt(
  { statistics }: Pick<Ports, 'statistics'>,
  { plan, path, record, agent, attempt, isJudge = false }: EndedAttempt,
): Promise<NonNullable<CallEnd['lately']>> {
  const { startedAt, endedAt, error, evaluation, costUsd = 0, tokens } = attempt
  const asked = isJudge ? JUDGE : capabilityAsked(agent, calledStep(plan, path, record))?.name
  const capability = asked ?? ''
  const quality = evaluation?.score ?? (error ? 0 : 1)
  const decision = isJudge ? undefined : decisionOf(plan, path, record.decision)
  const expected = decision?.expectedQuality
  const outcome = {
    quality,
    residual: expected === undefined ? 0 : quality - expected,
    failed: error !== undefined,
    ...(error ? { kind: failureKind(error) } : {}),
    latencySeconds: millisecondsBetween(startedAt, endedAt) / 1_000,
    costUsd,
    ...(tokens === undefined ? {} : { tokens }),
  }
  // A rating corrects it by this time (rating/S1).
  const at = Date.parse(endedAt) / 1_000
  const counters = await statistics.add(
    { agentId: agent.id, version: agent.version, capability },
    additionsOf(outcome, at),
  )
  const { count, failures, configuration, successes } = sumsAt([counters], at)
  const tally = { of: `${capability} ${counters.epoch}`, successes }
  // Breakers ignore configuration failures (breaker/K7).
  const calls = count - configuration
  return { failures: calls > 0 ? (failures - configuration) / calls : 0, calls, tally }
}
