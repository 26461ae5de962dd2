import type middy from '@middy/core'
import type { Context } from 'aws-lambda'
import type { Admitted } from '../../../shared/app/limits/admission.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { Receipt, StepRecord } from '../../../shared/domain/step.ts'
import type { Ownership, Plan, StepEnd } from '../../../shared/ports/index.ts'
import type { Spending } from './spending.ts'
import type { StepLog } from './step-log.ts'
import type { StepNotices } from './step-notices.ts'

/** What the middlewares of one invocation hand to one another; each fills in its own part. */
export type StepRun = {
  own: Ownership
  /** When Step Functions has asked for it, in milliseconds since 1970. */
  enteredAt: number
  /** As bound, or as rebound since; two agents may share a function. */
  agentId: string
  log: StepLog
  planned: Promise<Plan>
  /** Records of the steps that this one needs. */
  needed: Promise<StepRecord[]>
  plan: Plan
  record: StepRecord
  /** Set when the step's end is recorded. */
  ended: boolean
  /** What is held for the agent while it works; absent where it was not admitted, or not asked. */
  admitted: Admitted
  /** What the agent says that it has spent. */
  spending: Spending
  notices: StepNotices
  deadline: Date
  signal: AbortSignal
}

/** The handler answers how the step ended; the middleware that owns the record turns that into the receipt. */
export type StepOutcome = Omit<StepEnd, 'endedAt'>
export type HostMiddleware = middy.MiddlewareObj<unknown, StepOutcome | Receipt, Error, Context>

/** By invocation: the Lambda context is what middlewares and handler both see. */
const runs = new WeakMap<Context, Partial<StepRun>>()

/** The parts of the run that earlier middlewares have filled in. Throws BugError when the stack is in the wrong order. */
export function partsOf<Name extends keyof StepRun>(context: Context, ...names: Name[]): Pick<StepRun, Name> {
  const run = findParts(context)
  const missing = names.filter((name) => run[name] === undefined)
  if (missing.length === 0) return run as Pick<StepRun, Name>
  throw new OrchestratorError(
    'BugError',
    `the host's middlewares are in the wrong order: no ${missing.join(', ')} yet`,
  )
}

/** Whatever has been filled in so far: for the path where something went wrong on the way. */
export function findParts(context: Context): Partial<StepRun> {
  return runs.get(context) ?? {}
}

export function addParts(context: Context, parts: Partial<StepRun>): void {
  runs.set(context, { ...runs.get(context), ...parts })
}
