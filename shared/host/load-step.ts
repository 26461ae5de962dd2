import { recordsOfNeeds } from '../app/steps/resolve-step.ts'
import { StepPayloadSchema } from '../contracts/step-payload.ts'
import type { StepRecord } from '../domain/step.ts'
import type { Ownership, Plan } from '../ports/index.ts'
import type { HostPorts, Invocation } from './host-ports.ts'
import { type StepLog, stepLog } from './step-log.ts'

export type Loading = {
  own: Ownership
  enteredAt: number
  /** How long this invocation had when it began, in milliseconds: the timeout of its function. */
  timeLimit: number
  log: StepLog
  planned: Promise<Plan>
  /** Records of the steps that this one needs; they ended before this step was entered. */
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
  const { taskId, execution, path, fence, enteredAt } = StepPayloadSchema.parse(payload)
  const planned = plans.getPlan(taskId, execution)
  const needed = planned.then((plan) => recordsOfNeeds(steps, plan, path))
  // Prevents unhandled rejections: failures surface where the promises are awaited.
  for (const reading of [planned, needed]) reading.catch(() => {})
  return {
    own: { taskId, path, owner: id, fence },
    enteredAt,
    timeLimit: remainingMs(),
    log: stepLog(log, { taskId, stepId: path, requestId: id }),
    planned,
    needed,
  }
}
