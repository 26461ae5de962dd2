import { countAttempt } from '../app/steps/count-attempt.ts'
import { stepOf } from '../app/steps/plan-paths.ts'
import { attemptsSinceReopened, runOfFence } from '../contracts/step-payload.ts'
import { failureOf } from '../domain/bounded.ts'
import { attemptFailedEvent } from '../domain/events-of-step.ts'
import type { Attempt, Judging } from '../domain/step.ts'
import { millisecondsBetween } from '../domain/times.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'
import { mayCallAgain } from '../workflow/retry-policy.ts'
import type { HostPorts } from './host-ports.ts'
import type { StepRun } from './step-run.ts'

type Counted = Pick<Attempt, 'endedAt' | 'evaluation'> & Partial<Pick<Attempt, 'error'>>

/** Adds the judged attempt to the statistics of its agent, without the time and the cost of the judge (judging/W3). Best effort (host/H5). */
export async function countJudged(
  ports: Pick<HostPorts, 'statistics' | 'clock'>,
  { own, plan, record, log }: StepRun,
  judging: Judging,
  { endedAt, ...more }: Counted,
): Promise<void> {
  const { agentId, agentVersion, capability, costUsd, tokens } = judging
  const milliseconds = millisecondsBetween(judging.startedAt, judging.endedAt)
  const startedAt = new Date(Date.parse(endedAt) - milliseconds).toISOString()
  const attempt = { startedAt, endedAt, ...more, costUsd, tokens }
  const capabilities = [{ name: capability, description: '', inputSchema: {}, outputSchema: {} }]
  const agent = { id: agentId, version: agentVersion, capabilities }
  await countAttempt(ports, { plan, path: own.path, record, agent, attempt }).catch((reason: unknown) => {
    log.warn('attempt not counted', { reason: String(reason) })
  })
}

/**
 * Records an output that its judge has refused as a failed attempt of the agent that has made it, which is called again where its policy allows:
 * by the rebinder, because the state would call the judge.
 */
export async function noteRefused(
  ports: Pick<HostPorts, 'steps' | 'statistics' | 'clock'>,
  run: StepRun,
  judging: Judging,
  thrown: unknown,
): Promise<void> {
  const { own, plan, record, evaluation, notices, log } = run
  const { agentId, agentVersion, agentCode, startedAt } = judging
  const { retry } = stepOf(plan, own.path)
  const error = failureOf(thrown)
  const now = ports.clock.now()
  const earlier = attemptsSinceReopened(record).filter((attempt) => attempt.agentId === agentId)
  const isCalledAgain = mayCallAgain(retry, [...earlier, { error }])
  const askAgainAt = new Date(now.getTime() + 1_000 * retry.intervalSeconds).toISOString()
  const attempt = {
    ...{ agentId, agentVersion, startedAt, endedAt: now.toISOString(), ...runOfFence(own.fence), error },
    ...withoutUndefined({ agentCode, evaluation }),
    ...(isCalledAgain ? { askAgainAt } : {}),
  }
  const before = record.attempts.length
  const noted = await ports.steps
    .addAttempt(own, attempt, before, { judged: true })
    .catch((reason: unknown) => {
      log.warn('attempt not recorded', { reason: String(reason) })
      return false
    })
  log.warn('attempt failed', { agentId, errorName: error.name, errorMessage: error.message })
  const { endedAt } = attempt
  await Promise.all([
    notices.finish(noted ? [attemptFailedEvent(own.taskId, own.path, before + 1, attempt)] : []),
    noted ? countJudged(ports, run, judging, { endedAt, evaluation, error }) : undefined,
  ])
}
