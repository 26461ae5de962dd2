import type { DefinedAgent } from '../agent/index.ts'
import type { Admitted } from '../app/limits/admission.ts'
import type { Spending } from '../app/limits/spending.ts'
import type { Evaluation } from '../domain/evaluation.ts'
import type { StepRecord } from '../domain/step.ts'
import type { Ownership, Plan, StepEnd } from '../ports/index.ts'
import type { StepLog } from './step-log.ts'
import type { StepNotices } from './step-notices.ts'
import type { Situation } from './suspending/suspending-part.ts'

/** A step that this invocation owns, with everything that the parts of the host need to know about it. */
export type StepRun = {
  readonly agent: DefinedAgent
  readonly own: Ownership
  readonly plan: Plan
  readonly record: StepRecord
  /** The bound agent, or the latest one that the rebinder chose; two agents may share a function. */
  readonly agentId: string
  /** Whether this call is to judge the output that waits, or repeats the one that has made it (judging/W1). */
  readonly role?: 'judge' | 'pending' | undefined
  /** Where this call stands among the suspensions of the step; undefined where the agent cannot suspend there. */
  readonly turn?: Begun | undefined
  /** How many calls of this entry of the step's states there were, as its state counts them. */
  readonly at: number
  /** When Step Functions entered the state, in milliseconds since 1970. */
  readonly enteredAt: number
  /** Records of the steps that this one needs. */
  readonly needed: Promise<StepRecord[]>
  readonly log: StepLog
  readonly notices: StepNotices
  /** Set once the call is admitted; absent for a skipped step, a cache hit or a refusal. */
  call?: AdmittedCall
  /** Set where the attempt has failed by it. */
  evaluation?: Evaluation
}

/** A prefix of what this call keeps over attempts: what a judge has done for one output is neither its agent's, nor that of another output's judge. */
export const keptBy = ({ role, record }: Pick<StepRun, 'role' | 'record'>): string =>
  role === 'judge' ? `judge ${record.judging?.attemptsBefore}/` : ''

/** The slot and reservation that are held during a call, and the cost that the agent reports. */
export type AdmittedCall = { admitted: Admitted; spending: Spending }

/**
 * The deadline of the agent's answer; the signal aborts at the deadline and on cancellation, with the error as its
 * reason.
 */
export type Limits = {
  deadline: Date
  signal: AbortSignal
  /** Whether somebody watches the task, as it was known a second ago at most. */
  isWatched(): Promise<boolean>
}

/** A call that begins a turn. */
export type Begun = Exclude<Situation, { kind: 'waits' }>

/** The outcome of a step, before it is recorded. */
export type StepOutcome = Omit<StepEnd, 'endedAt'>
