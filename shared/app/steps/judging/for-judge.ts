import { attemptsSinceReopened } from '../../../contracts/step-payload.ts'
import type { Attempt, StepRecord } from '../../../domain/step.ts'
import { JUDGE } from '../../../workflow/evaluation/check-judgement.ts'
import type { AgentStep } from '../../../workflow/schema.ts'
import type { Failure } from '../settle-failure.ts'

/** Not a failure: the step is bound late, just before it runs, or its output waits for its judge. */
export const LATE: Failure = { name: 'NoAgentError', message: 'nobody can run it' }

/** Not a failure: the output waits for its judge, which is called next. */
export const isForJudge = ({ name }: Failure): boolean => name === 'JudgementPendingError'

type Trouble = { step: AgentStep; record: StepRecord; failure: Failure }

/**
 * The trouble of a step as it is for the judge of its output: any agent that can judge may have it, but for those that have failed at it
 * (rebind/B13). Unchanged for a step whose output waits for none.
 */
export function forJudge<T extends Trouble>(trouble: T): T {
  const { step, record, failure } = trouble
  if (!record.judging) return trouble
  const { agent: _agent, fallback: _fallback, prefer: _prefer, ...rest } = step
  return {
    ...trouble,
    step: { ...rest, capability: JUDGE },
    record: { ...record, attempts: attemptsAtCall(record) },
    failure: isForJudge(failure) ? LATE : failure,
  }
}

/** The failed attempts at what the step is called for now, since it was reopened: to make an output, or to judge the one that waits. */
export const attemptsAtCall = (record: StepRecord): Attempt[] =>
  record.judging ? record.attempts.slice(record.judging.attemptsBefore) : attemptsSinceReopened(record)

/** Whether the latest call has made the output that waits: it has ended, and is no failed attempt. The planned agent need not be named. */
export function hasMadeOutput({ judging, agentId, startedAt, reboundBy = '' }: StepRecord): boolean {
  if (!judging || reboundBy !== '') return false
  return (agentId ?? judging.agentId) === judging.agentId && startedAt === judging.startedAt
}
