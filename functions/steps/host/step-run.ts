import type { Logger } from '@aws-lambda-powertools/logger'
import type middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { Receipt, StepRecord } from '../../../shared/domain/step.ts'
import type { Ownership, Plan, StepEnd } from '../../../shared/ports/index.ts'

/** What the middlewares of one invocation hand to one another; each fills in its own part. */
export type StepRun = {
  own: Ownership
  log: Logger
  plan: Plan
  record: StepRecord
  deadline: Date
  signal: AbortSignal
}

/** The handler answers how the step ended; the middleware that owns the record turns that into the receipt. */
export type StepOutcome = Omit<StepEnd, 'endedAt'>
export type HostRequest = middy.Request<unknown, StepOutcome | Receipt, Error, Context, { run?: Partial<StepRun> }>
export type HostMiddleware = middy.MiddlewareObj<unknown, StepOutcome | Receipt, Error, Context, { run?: Partial<StepRun> }>

/** The parts of the run that earlier middlewares have filled in. Throws BugError when the stack is in the wrong order. */
export function partsOf<Name extends keyof StepRun>(
  { internal }: Pick<HostRequest, 'internal'>,
  ...names: Name[]
): Pick<StepRun, Name> {
  const run = internal.run ?? {}
  const missing = names.filter((name) => run[name] === undefined)
  if (missing.length === 0) return run as Pick<StepRun, Name>
  throw new OrchestratorError('BugError', `the host's middlewares are in the wrong order: no ${missing.join(', ')} yet`)
}

export function addParts(request: HostRequest, parts: Partial<StepRun>): void {
  request.internal.run = { ...request.internal.run, ...parts }
}
