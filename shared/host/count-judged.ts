import { countAttempt } from '../app/steps/count-attempt.ts'
import { attemptsAtStep, calledFor } from '../app/steps/judging/for-judge.ts'
import { stepOf } from '../app/steps/plan-paths.ts'
import { runOfFence } from '../contracts/step-payload.ts'
import { failureOf } from '../domain/bounded.ts'
import { attemptFailedEvent } from '../domain/events-of-step.ts'
import { failureFacts } from '../domain/failure-facts.ts'
import type { Attempt, Judging, StepRecord } from '../domain/step.ts'
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
  const { own, plan, record, evaluation, call, notices, log } = run
  const { agentId, agentVersion, agentCode, capability, startedAt } = judging
  const { retry } = stepOf(plan, own.path)
  const error = failureOf(thrown)
  const now = ports.clock.now()
  const earlier = attemptsAtStep(record).filter((attempt) => attempt.agentId === agentId)
  const isCalledAgain = mayCallAgain(retry, [...earlier, { error }])
  const askAgainAt = new Date(now.getTime() + 1_000 * retry.intervalSeconds).toISOString()
  const attempt = {
    ...{ agentId, agentVersion, startedAt, endedAt: now.toISOString(), ...runOfFence(own.fence), error },
    ...withoutUndefined({ agentCode, evaluation }),
    ...calledFor(undefined, capability),
    ...sumOf(judging, call?.spending.told() ?? {}),
    ...(isCalledAgain ? { askAgainAt } : {}),
  }
  const options = { judged: true, uncounted: restOf(record.uncounted, judging) }
  const noted = await ports.steps
    .addAttempt(own, attempt, record.attempts.length, options)
    .catch((reason: unknown) => {
      log.warn('attempt not recorded', { reason: String(reason) })
      return false
    })
  log.warn('attempt failed', { agentId, ...failureFacts(own, error) })
  const { endedAt } = attempt
  await Promise.all([
    notices.finish(noted ? [attemptFailedEvent(plan, own.path, record.attempts, attempt)] : []),
    noted ? countJudged(ports, run, judging, { endedAt, evaluation, error }) : undefined,
  ])
}

type Paid = { costUsd?: number; tokens?: number; unpriced?: string[] }

/** What the refused attempt has cost: the call that has made the output, and that of its judge. */
function sumOf(made: Pick<Judging, 'costUsd' | 'tokens'>, { costUsd, tokens, unpriced }: Paid): Paid {
  return withoutUndefined({
    costUsd: plus(made.costUsd, costUsd),
    tokens: plus(made.tokens, tokens),
    unpriced,
  })
}

const plus = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0)

/** The cost of calls that were no attempts, without that of the call that has become one; undefined where it was not among them. */
function restOf(uncounted: StepRecord['uncounted'], made: Judging): StepRecord['uncounted'] {
  if (!uncounted) return undefined
  const { costUsd = 0, tokens = 0 } = uncounted
  return {
    ...uncounted,
    // Rounded to a billionth of a dollar: the difference of two equal sums is 0.
    costUsd: Math.max(0, Math.round((costUsd - (made.costUsd ?? 0)) * 1e9) / 1e9),
    tokens: Math.max(0, tokens - (made.tokens ?? 0)),
  }
}
