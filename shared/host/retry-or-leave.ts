/**
 * Decides whether the same agent is called again after a failure, and under which error name Step Functions learns of
 * it. A state matches errors by name, so the name that leaves the host may differ from the one in the attempt's record
 * (rebind/B2 reads the record):
 * - called again in place, after the state's wait: a name of RETRIED_IN_PLACE
 * - called again at a time that the agent has named, which a state cannot read: another name, which leads to the
 *   rebinder
 * - not called again: another name as well
 */
import { MOST_RETRY_AFTER_SECONDS } from '../agent/index.ts'
import { attemptsAtCall } from '../app/steps/judging/for-judge.ts'
import { stepOf } from '../app/steps/plan-paths.ts'
import { failureOf } from '../domain/bounded.ts'
import { isOrchestratorError, OrchestratorError, RETRIED_IN_PLACE } from '../domain/errors.ts'
import type { Attempt } from '../domain/step.ts'
import { mayCallAgain } from '../workflow/retry-policy.ts'
import type { HostPorts } from './host-ports.ts'
import type { StepRun } from './step-run.ts'

export type Verdict = 'in place' | 'at its time' | 'leave'

/** The verdict on a failed attempt that is not recorded yet; `askAgainAt` is the agent's retry-after time. */
export function verdictOn(
  { clock }: Pick<HostPorts, 'clock'>,
  run: StepRun,
  error: unknown,
): { verdict: Verdict; askAgainAt?: string } {
  if (!mayCallAgain(policyOf(run), [...ownAttempts(run), { error: failureOf(error) }]))
    return { verdict: 'leave' }
  const seconds = retryAfterSecondsOf(error)
  if (seconds === undefined) return { verdict: 'in place' }
  if (seconds > MOST_RETRY_AFTER_SECONDS) return { verdict: 'leave' }
  return {
    verdict: 'at its time',
    askAgainAt: new Date(clock.now().getTime() + seconds * 1_000).toISOString(),
  }
}

/** The error, renamed so that the step's state does what the verdict says. */
export function errorForState(error: unknown, verdict: Verdict): unknown {
  const { name, message } = failureOf(error)
  const isInPlace = verdict === 'in place'
  if (RETRIED_IN_PLACE.includes(name) === isInPlace) return error
  const details = isOrchestratorError(error) ? error.details : {}
  return new OrchestratorError(
    isInPlace ? 'AgentRetryableError' : 'AgentFailedError',
    message,
    details,
    error,
  )
}

/**
 * The last failure of the step's agent when it may not be called again: Step Functions has repeated a call whose answer was lost, or that
 * ended in a crash (retry-policy/Y1). Undefined when the agent may be called.
 */
export function lastFailure(run: StepRun): Attempt | undefined {
  const attempts = ownAttempts(run)
  return mayCallAgain(policyOf(run), attempts) ? undefined : attempts.at(-1)
}

const policyOf = ({ plan, own }: StepRun) => stepOf(plan, own.path).retry

const ownAttempts = ({ record, agentId }: StepRun): Attempt[] =>
  attemptsAtCall(record).filter((attempt) => attempt.agentId === agentId)

function retryAfterSecondsOf(error: unknown): number | undefined {
  const wish = isOrchestratorError(error) ? error.details.retryAfterSeconds : undefined
  return typeof wish === 'number' && wish > 0 ? wish : undefined
}
