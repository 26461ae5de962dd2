import { boundedText } from '../../../domain/bounded.ts'
import {
  type Check,
  type Evaluation,
  evaluationOf,
  MOST_REASON_CHARACTERS,
} from '../../../domain/evaluation.ts'
import type { StepRecord } from '../../../domain/step.ts'
import { withoutUndefined } from '../../../domain/without-undefined.ts'
import type { Plan, Ports } from '../../../ports/index.ts'
import type { AgentStep } from '../../../workflow/schema.ts'
import { countAttempt } from '../count-attempt.ts'
import { endStep, type Failure, isFatal, type Settled, type Situation } from '../settle-failure.ts'

type Needs = Situation & {
  ports: Pick<Ports, 'statistics' | 'clock'>
  plan: Plan
  step: AgentStep
  record: StepRecord
}

/**
 * Ends a step whose output no judge has scored, with the checks that it has (rebind/B13). Undefined for a step without such an output, for one that says
 * `atLeast`, and where the failure ends the task.
 */
export async function settleUnjudged(situation: Needs, failure: Failure): Promise<Settled | undefined> {
  const { record, step, own, plan, ports } = situation
  const { judging } = record
  if (!judging || step.evaluate?.atLeast !== undefined || isFatal(failure)) return undefined
  const { agentId, agentVersion, agentCode, output, checks } = judging
  const evaluation = checks.length > 0 ? { evaluation: unjudged(checks, failure) } : {}
  const outcome = {
    status: 'succeeded' as const,
    output,
    agentId,
    agentVersion,
    ...withoutUndefined({ agentCode }),
    ...evaluation,
  }
  const settled = await endStep(situation, outcome)
  const capabilities = [{ name: judging.capability, description: '', inputSchema: {}, outputSchema: {} }]
  const { startedAt, endedAt, costUsd, tokens } = judging
  const attempt = { startedAt, endedAt, costUsd, tokens, ...evaluation }
  const agent = { id: agentId, version: agentVersion, capabilities }
  // Best effort: statistics must not fail a step.
  await countAttempt(ports, { plan, path: own.path, record, agent, attempt }).catch(() => {})
  return settled
}

/** The other checks make the score. */
const unjudged = (checks: readonly Check[], { name, message }: Failure): Evaluation => ({
  ...evaluationOf(checks),
  unjudged: boundedText(`${name}: ${message}`, MOST_REASON_CHARACTERS),
})
