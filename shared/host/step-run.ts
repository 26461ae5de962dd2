import type { DefinedAgent } from '../agent/index.ts'
import type { Admitted } from '../app/limits/admission.ts'
import type { Spending } from '../app/limits/spending.ts'
import type { StepRecord } from '../domain/step.ts'
import type { Ownership, Plan, StepEnd } from '../ports/index.ts'
import type { StepLog } from './step-log.ts'
import type { StepNotices } from './step-notices.ts'

/** A step that this invocation has taken over, with all that its parts need to know of it. */
export type StepRun = {
  readonly agent: DefinedAgent
  readonly own: Ownership
  readonly plan: Plan
  readonly record: StepRecord
  /** As bound, or as rebound since; two agents may share a function. */
  readonly agentId: string
  /** When Step Functions has asked for it, in milliseconds since 1970. */
  readonly enteredAt: number
  /** Records of the steps that this one needs. */
  readonly needed: Promise<StepRecord[]>
  readonly log: StepLog
  readonly notices: StepNotices
  /** Set when the agent is admitted; absent where it was not, or not asked. */
  call?: AdmittedCall
}

/** What is held for the agent while it works, and what it says that it has spent. */
export type AdmittedCall = { admitted: Admitted; spending: Spending }

/** By when the agent must have answered; the signal aborts then, and on cancellation, with the error as its reason. */
export type Limits = { deadline: Date; signal: AbortSignal }

/** How a step has ended, before its end is recorded. */
export type StepOutcome = Omit<StepEnd, 'endedAt'>
