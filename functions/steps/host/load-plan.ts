import { recordsOfNeeds } from '../../../shared/app/steps/resolve-step.ts'
import { StepPayloadSchema } from '../../../shared/contracts/step-payload.ts'
import type { Deps } from '../../deps.ts'
import { stepLog } from './step-log.ts'
import { addParts, type HostMiddleware } from './step-run.ts'

/**
 * Parses what Step Functions sent and begins to read the plan, which a warm worker reads once, and the steps that this
 * one needs: they had ended before it was entered. Whoever comes next waits for them, beside work of its own.
 */
export function loadPlan({ tasks, logger }: Pick<Deps, 'tasks' | 'logger'>): HostMiddleware {
  return {
    before: async (request) => {
      const { taskId, execution, path, fence, enteredAt } = StepPayloadSchema.parse(request.event)
      const owner = request.context.awsRequestId
      const planned = tasks.getPlan(taskId, execution)
      const needed = planned.then((plan) => recordsOfNeeds(tasks, plan, path))
      // Their users hear of a failure; a replay does not use what is needed.
      for (const reading of [planned, needed]) reading.catch(() => {})
      addParts(request.context, {
        own: { taskId, path, owner, fence },
        enteredAt,
        log: stepLog(logger, { taskId, stepId: path, requestId: owner }),
        planned,
        needed,
      })
    },
  }
}
