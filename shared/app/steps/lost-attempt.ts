/**
 * Attempts whose worker has crashed: it ran out of memory, was killed at its timeout, or never started. The next owner of the step records
 * their end.
 *
 * Invariants (tests cite them):
 * attempt/J1 the next owner of a step records, counts and reports to the breaker an attempt that started without a recorded end, once
 * attempt/J3 a lost attempt belongs to the run of its own fence: one that an execution lost before it was redriven uses up nothing of the redrive
 * attempt/J2 a call that was refused, superseded or cancelled does not count as an attempt
 */
import { runOfFence } from '../../contracts/step-payload.ts'
import type { AgentManifest } from '../../domain/agent.ts'
import { boundedFailure } from '../../domain/bounded.ts'
import { attemptFailedEvent } from '../../domain/events-of-step.ts'
import type { Attempt, StepRecord } from '../../domain/step.ts'
import { superseded } from '../../domain/superseded.ts'
import { isSuspended } from '../../domain/suspension.ts'
import type { Ownership, Plan, Ports } from '../../ports/index.ts'
import { decisionOf } from '../agents/agent-statistics.ts'
import { capabilityAsked } from '../agents/capability-asked.ts'
import { tellLostCall } from '../limits/admission.ts'
import { calledStep } from './chosen-capability.ts'
import { countAttempt } from './count-attempt.ts'
import { calledFor, hasMadeOutput } from './judging/for-judge.ts'
import { type Failure, isAgentsFault, isBreakersConcern } from './settle-failure.ts'

type Needs = Pick<Ports, 'steps' | 'bus' | 'statistics' | 'breakers' | 'clock'>
export type Lost = {
  own: Ownership
  plan: Plan
  /** The step's record when the attempt was lost. */
  record: StepRecord
  agent: Pick<AgentManifest, 'id' | 'version' | 'capabilities'>
  /** Whether `agent` was read from the registry; otherwise it comes from a host, which may be outdated. */
  isRegistered: boolean
  failure: Failure
}

/** The failure of a worker that has returned neither an answer nor an error. */
export const DIED: Failure = {
  name: 'Lambda.Unknown',
  message: 'its function ended without a word: out of memory, out of time, or a crash',
}

/** Whether a host owned the step without recording an end (attempt/J1, attempt/J2). */
export function hasLostAttempt(record: StepRecord): boolean {
  const { status, reboundBy = '', attempts, startedAt } = record
  const isOpen = status === 'running' && reboundBy === '' && !hasMadeOutput(record) && !isSuspended(record)
  return isOpen && !attempts.some((noted) => noted.startedAt === startedAt)
}

/** Returns the recorded attempt. Throws StepSupersededError when another invocation owns the step. */
export async function noteLostAttempt(ports: Needs, lost: Lost): Promise<Attempt> {
  const { own, plan, record, agent, failure } = lost
  const asked = capabilityAsked(agent, calledStep(plan, own.path, record))?.name
  const attempt = {
    agentId: agent.id,
    ...calledFor(record.judging, asked),
    ...(record.calledVersion === undefined ? {} : { agentVersion: record.calledVersion }),
    startedAt: record.startedAt,
    endedAt: ports.clock.now().toISOString(),
    ...runOfFence(record.fence),
    error: boundedFailure(failure),
  }
  if (!(await ports.steps.addAttempt(own, attempt, record.attempts.length))) throw superseded(own.path)
  await Promise.all([
    ports.bus.publish([attemptFailedEvent(lost.plan, own.path, record.attempts, attempt)]),
    // Best effort: statistics must not fail a step. A judge that has refused an output has not failed.
    isAgentsFault(failure) && !(record.judging && failure.name === 'EvaluationFailedError')
      ? count(ports, lost, attempt).catch(() => {})
      : undefined,
  ])
  return attempt
}

/** Counts the attempt, and reports it to the agent's breaker. */
async function count(
  ports: Needs,
  { plan, own, record, agent, isRegistered }: Lost,
  attempt: Attempt,
): Promise<void> {
  const isJudge = record.judging !== undefined
  const lately = await countAttempt(ports, { plan, path: own.path, record, agent, attempt, isJudge })
  const call = {
    own: { ...own, fence: record.fence },
    agentId: agent.id,
    version: agent.version,
    isRegistered,
    decision: isJudge ? undefined : decisionOf(plan, own.path, record.decision),
    beganAt: attempt.startedAt,
  }
  if (isBreakersConcern(attempt.error)) await tellLostCall(ports, call, { succeeded: false, lately })
}
