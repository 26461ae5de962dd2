import { attemptsSinceReopened } from '../../../contracts/step-payload.ts'
import type { Attempt, Judging, StepRecord } from '../../../domain/step.ts'
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
    failure: isForJudge(failure) ? LATE : failure,
  }
}

/**
 * The failed attempts at what the step is called for now, since it was reopened or redriven: to judge the output that waits, or to make one. Those of the
 * one say nothing about the other (judging/W4).
 */
export function attemptsAtCall(record: StepRecord): Attempt[] {
  const { judging, attempts } = record
  if (!judging) return attemptsAtStep(record)
  return attemptsSinceReopened({ ...record, attempts: attempts.slice(judging.attemptsBefore) })
}

/** The failed attempts to make an output, without the calls of its judges. */
export const attemptsAtStep = (record: StepRecord): Attempt[] =>
  attemptsSinceReopened(record).filter(({ judgeOf }) => judgeOf === undefined)

/** What the latest call of a step is: one of the judge of the output that waits, or a repeat of the one that has made it; undefined for another. */
export function roleIn(record: StepRecord | undefined): 'judge' | 'pending' | undefined {
  if (record?.judging === undefined || record.status !== 'running') return undefined
  return hasMadeOutput(record) ? 'pending' : 'judge'
}

/** What an attempt keeps of what it was called for. */
export function calledFor(
  judging: Judging | undefined,
  capability: string | undefined,
): Pick<Attempt, 'capability' | 'judgeOf'> {
  if (judging) return { capability: JUDGE, judgeOf: judging.agentId }
  return capability === undefined ? {} : { capability }
}

/** Whether the latest call has made the output that waits: it has ended, and is no failed attempt. The planned agent need not be named. */
export function hasMadeOutput({ judging, agentId, startedAt, reboundBy = '' }: StepRecord): boolean {
  if (!judging || reboundBy !== '') return false
  return (agentId ?? judging.agentId) === judging.agentId && startedAt === judging.startedAt
}
