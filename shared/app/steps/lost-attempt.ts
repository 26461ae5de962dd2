/**
 * Attempts whose worker has died: it ran out of memory, was ended at its timeout, or its function never began. They
 * cannot report their end, so the next owner of the step does.
 *
 * Invariants (tests cite them):
 * attempt/J1 an attempt that has begun and whose end is not noted is noted, counted and told to the breaker by the next owner of its step, once
 * attempt/J2 what was refused, superseded or cancelled was no attempt
 */
import { executionOfFence } from '../../contracts/step-payload.ts'
import type { AgentManifest } from '../../domain/agent.ts'
import { boundedFailure } from '../../domain/bounded.ts'
import { attemptFailedEvent } from '../../domain/event.ts'
import type { Attempt, StepRecord } from '../../domain/step.ts'
import { superseded } from '../../domain/superseded.ts'
import type { Ownership, Plan, Ports } from '../../ports/index.ts'
import { decisionOf } from '../agents/agent-statistics.ts'
import { tellLostCall } from '../limits/admission.ts'
import { countAttempt } from './count-attempt.ts'
import { stepOf } from './plan-paths.ts'
import { type Failure, isAgentsFault } from './settle-failure.ts'

type Needs = Pick<Ports, 'steps' | 'bus' | 'statistics' | 'breakers' | 'clock'>
export type Lost = {
  own: Ownership
  plan: Plan
  /** As the step was when it was lost. */
  record: StepRecord
  agent: Pick<AgentManifest, 'id' | 'capabilities'>
  failure: Failure
}

/** The failure of a worker that has sent neither an answer nor an error. */
export const DIED: Failure = {
  name: 'Lambda.Unknown',
  message: 'its function ended without a word: out of memory, out of time, or a crash',
}

/** Whether a host had a step, and its end is not noted (attempt/J1, attempt/J2). */
export const hasLostAttempt = ({ status, reboundBy = '', attempts, startedAt }: StepRecord): boolean =>
  status === 'running' && reboundBy === '' && !attempts.some((noted) => noted.startedAt === startedAt)

/** Answers the attempt as it is noted. Throws StepSupersededError when the step is not ours any more. */
export async function noteLostAttempt(ports: Needs, lost: Lost): Promise<Attempt> {
  const { own, record, agent, failure } = lost
  const attempt = {
    agentId: agent.id,
    startedAt: record.startedAt,
    endedAt: ports.clock.now().toISOString(),
    execution: executionOfFence(own.fence),
    error: boundedFailure(failure),
  }
  if (!(await ports.steps.addAttempt(own, attempt, record.attempts.length))) throw superseded(own.path)
  const number = record.attempts.length + 1
  await Promise.all([
    ports.bus.publish([attemptFailedEvent(own.taskId, own.path, number, attempt)]),
    // Advice: it costs no step.
    isAgentsFault(failure) ? count(ports, lost, attempt).catch(() => {}) : undefined,
  ])
  return attempt
}

/** Counts the attempt, and tells the breaker of its agent. */
async function count(ports: Needs, { plan, own, record, agent }: Lost, attempt: Attempt): Promise<void> {
  const lately = await countAttempt(ports, { plan, path: own.path, record, agent, attempt })
  const call = {
    own: { ...own, fence: record.fence },
    agentId: agent.id,
    decision: decisionOf(plan, own.path, record.decision),
    fallback: stepOf(plan, own.path).fallback,
    beganAt: attempt.startedAt,
  }
  await tellLostCall(ports, call, { succeeded: false, lately })
}
