import { stepOf } from '../app/steps/plan-paths.ts'
import { recordsOfNeeds } from '../app/steps/resolve-step.ts'
import { isRunAgain, StepPayloadSchema } from '../contracts/step-payload.ts'
import { isDone, type StepRecord } from '../domain/step.ts'
import type { Ownership, Plan } from '../ports/index.ts'
import { capabilityComputedBy } from '../workflow/step-capability.ts'
import type { HostPorts, Invocation } from './host-ports.ts'
import { type StepLog, stepLog } from './step-log.ts'

export type Loading = {
  own: Ownership
  enteredAt: number
  /** How many calls of this entry of the step's states there were, as its state counts them. */
  at: number
  /** How long this invocation had when it began, in milliseconds: the timeout of its function. */
  timeLimit: number
  log: StepLog
  planned: Promise<Plan>
  /** Whether the step has succeeded, or was skipped, in an earlier run, and only replays its receipt (steps/P2). */
  hasEnded: Promise<boolean>
  /** The step's own record, where the rebinder has chosen its capability (choice/C1); undefined for every other step. */
  chosen: Promise<StepRecord | undefined>
  /** Records of the steps that this one needs; they ended before this step was entered. None of a step that has ended. */
  needed: Promise<StepRecord[]>
}

/**
 * Parses the payload from Step Functions, and starts to load the plan (cached by a warm worker) and the records of the
 * needed steps: the step's input is evaluated from them before it is taken over (host/H7). Throws a ZodError.
 */
export function loadStep(
  { plans, steps, log }: Pick<HostPorts, 'plans' | 'steps' | 'log'>,
  payload: unknown,
  { id, remainingMs }: Invocation,
): Loading {
  const { taskId, execution, path, fence, enteredAt, turn } = StepPayloadSchema.parse(payload)
  const planned = plans.getPlan(taskId, execution)
  // Only where it may be: in the first run this would be a read for nothing.
  const hasEnded = isRunAgain(fence)
    ? steps.findSteps(taskId, [path]).then((found) => found.some(isDone))
    : Promise.resolve(false)
  const needed = Promise.all([planned, hasEnded]).then(([plan, ended]) =>
    ended ? [] : recordsOfNeeds(steps, plan, path),
  )
  const chosen = planned.then(async (plan) => {
    if (capabilityComputedBy(stepOf(plan, path)) === undefined) return undefined
    return (await steps.findSteps(taskId, [path]))[0]
  })
  // Prevents unhandled rejections: failures surface where the promises are awaited.
  for (const reading of [planned, hasEnded, chosen, needed]) reading.catch(() => {})
  return {
    own: { taskId, path, owner: id, fence },
    enteredAt,
    at: turn,
    timeLimit: remainingMs(),
    log: stepLog(log, { taskId, stepId: path, requestId: id }),
    planned,
    hasEnded,
    chosen,
    needed,
  }
}
