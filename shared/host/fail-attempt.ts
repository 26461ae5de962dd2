import { MOST_RETRY_AFTER_SECONDS } from '../agent/index.ts'
import { capabilityAsked } from '../app/agents/capability-asked.ts'
import { calledStep } from '../app/steps/chosen-capability.ts'
import { calledFor } from '../app/steps/judging/for-judge.ts'
import { isAgentsFault, isBreakersConcern } from '../app/steps/settle-failure.ts'
import { runOfFence } from '../contracts/step-payload.ts'
import { boundedText, failureOf } from '../domain/bounded.ts'
import { isOrchestratorError, UNCOUNTED } from '../domain/errors.ts'
import { attemptFailedEvent } from '../domain/events-of-step.ts'
import { type FailureFacts, failureFacts } from '../domain/failure-facts.ts'
import type { FaultDetails } from '../domain/fault.ts'
import type { StepRecord } from '../domain/step.ts'
import { millisecondsBetween } from '../domain/times.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'
import { faultBehind } from './agent-failure.ts'
import { noteRefused } from './count-judged.ts'
import { count, measureCost, release } from './end-step.ts'
import type { HostPorts } from './host-ports.ts'
import { errorForState, verdictOn } from './retry-or-leave.ts'
import type { StepRun } from './step-run.ts'

/** A line of a log of Lambda may have 1 MB; people read less. */
const MOST_LOGGED_CHARACTERS = 4_000

type Needs = Pick<HostPorts, 'steps' | 'statistics' | 'clock' | 'measure' | 'code'>

/**
 * Records and publishes a failed attempt before its error leaves the host (host/H3). Returns the error under the name
 * that the step's state matches; never throws.
 */
export async function failAttempt(ports: Needs, run: StepRun, error: unknown): Promise<unknown> {
  const { agentId, notices, log } = run
  // The later invocation that owns the step records its end.
  if (isOrchestratorError(error, 'StepSupersededError')) {
    await Promise.all([notices.finish([]), release(run, undefined)])
    return error
  }
  // A refused admission is no failed attempt: the rebinder chooses another agent, or waits.
  if (isOrchestratorError(error, ...UNCOUNTED)) {
    const told = run.call ? 'step goes on later' : 'step not begun'
    log.info(told, { agentId, errorName: error.name, reason: boundedText(error.message) })
    measureCost(ports, run)
    // An output that waits for its judge is a success of its agent's call.
    const end = isOrchestratorError(error, 'JudgementPendingError') ? { succeeded: true } : undefined
    await Promise.all([notices.finish([]), release(run, end), noteUncounted(ports, run, error)])
    return error
  }
  if (run.record.judging && run.evaluation) {
    await Promise.all([tellRefusal(ports, run), release(run, { succeeded: true })])
    await noteRefused(ports, run, run.record.judging, error)
    return error
  }
  const { verdict, askAgainAt } = verdictOn(ports, run, error)
  await noteAttempt(ports, run, error, askAgainAt)
  return errorForState(error, verdict)
}

/** A judge that refuses an output has succeeded. */
async function tellRefusal(ports: Needs, run: StepRun): Promise<void> {
  const { agentId } = run
  measureCost(ports, run)
  ports.measure('Attempts', { agentId, outcome: 'succeeded' }, 1)
  await count(ports, run, { endedAt: ports.clock.now().toISOString() })
}

/**
 * Records the retry-after time of a busy agent, because the state only sees the error's name; and what its call has cost, because it is no
 * attempt that could keep it (model-gate/G2).
 */
async function noteUncounted(ports: Needs, run: StepRun, error: unknown): Promise<void> {
  const note = withoutUndefined({ askAgainAt: askAgainAt(ports, error), uncounted: uncountedWith(run) })
  if (Object.keys(note).length === 0) return
  await ports.steps.noteStep(run.own, note).catch((reason: unknown) => {
    run.log.warn('retry-after time and cost not recorded', { reason: String(reason) })
  })
}

function askAgainAt({ clock }: Needs, error: unknown): string | undefined {
  const { waitSeconds } = isOrchestratorError(error) ? error.details : {}
  if (typeof waitSeconds !== 'number' || !(waitSeconds > 0)) return undefined
  // Bounded, so that the date stays valid; the rebinder waits less than this anyway.
  const seconds = Math.min(waitSeconds, MOST_RETRY_AFTER_SECONDS)
  return new Date(clock.now().getTime() + seconds * 1_000).toISOString()
}

/** What all such calls of the step have cost, this one among them; undefined where this one has cost nothing. */
export function uncountedWith({ call, record: { uncounted = {} } }: StepRun): StepRecord['uncounted'] {
  const { costUsd = 0, tokens = 0, unpriced = [] } = call?.spending.told() ?? {}
  if (costUsd === 0 && tokens === 0) return undefined
  const models = [...new Set([...(uncounted.unpriced ?? []), ...unpriced])]
  return {
    costUsd: (uncounted.costUsd ?? 0) + costUsd,
    tokens: (uncounted.tokens ?? 0) + tokens,
    ...(models.length > 0 ? { unpriced: models } : {}),
  }
}

/** What the log tells of the error that an agent has thrown, beside its name and message. */
function detailsOf({ errorName, ...said }: FailureFacts, fault: FaultDetails | undefined) {
  if (!fault || !('errorMessage' in said)) return { errorName, ...said }
  const { code, stack, causes } = fault
  return withoutUndefined({
    errorName,
    ...said,
    errorCode: code,
    errorStack: stack === undefined ? undefined : boundedText(stack, MOST_LOGGED_CHARACTERS),
    errorCauses: causes?.map((cause) => `${cause.name}: ${cause.message}`),
  })
}

const capabilityOf = ({ agent, plan, own, record }: StepRun): string | undefined =>
  capabilityAsked(agent.manifest, calledStep(plan, own.path, record))?.name

async function noteAttempt(
  ports: Needs,
  run: StepRun,
  error: unknown,
  askAgainAt: string | undefined,
): Promise<void> {
  const { own, agentId, record, role, notices, log } = run
  const failure = failureOf(error)
  const fault = faultBehind(error)
  const endedAt = ports.clock.now().toISOString()
  const attempt = {
    agentId,
    ...calledFor(role === 'judge' ? record.judging : undefined, capabilityOf(run)),
    ...withoutUndefined({ agentVersion: run.agent.manifest.version, agentCode: await ports.code }),
    startedAt: record.startedAt,
    endedAt,
    ...runOfFence(own.fence),
    error: { ...failure, ...fault },
    ...(run.evaluation ? { evaluation: run.evaluation } : {}),
    ...(askAgainAt === undefined ? {} : { askAgainAt }),
    ...run.call?.spending.told(),
  }
  // If the write fails, the rebinder records the attempt later; the agent's error leaves the host either way.
  const noted = await ports.steps
    .addAttempt(own, attempt, record.attempts.length)
    .catch((reason: unknown) => {
      log.warn('attempt not recorded', { reason: String(reason) })
      return false
    })
  const durationMs = millisecondsBetween(record.startedAt, endedAt)
  log.warn('attempt failed', { agentId, ...detailsOf(failureFacts(own, failure), fault), durationMs })
  measureCost(ports, run)
  const countAndRelease = async (): Promise<void> => {
    // Otherwise the function that records the attempt also reports it to the circuit breaker (host/H5).
    if (!noted || !isAgentsFault(failure)) return release(run, undefined)
    const { evaluation } = run
    const lately = await count(ports, run, { endedAt, error: failure, evaluation })
    const end = { succeeded: false, ...(lately ? { lately } : {}) }
    return release(run, isBreakersConcern(failure) ? end : undefined)
  }
  await Promise.all([
    notices.finish(noted ? [attemptFailedEvent(run.plan, own.path, record.attempts, attempt)] : []),
    countAndRelease(),
  ])
}
