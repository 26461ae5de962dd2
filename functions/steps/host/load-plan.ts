import { StepPayloadSchema, sortableFence } from '../../../shared/contracts/step-payload.ts'
import type { Deps } from '../../deps.ts'
import { stepLog } from './step-log.ts'
import { addParts, type HostMiddleware } from './step-run.ts'

/** Parses what Step Functions sent and finds the plan, which a warm worker reads once. */
export function loadPlan({ tasks, logger }: Pick<Deps, 'tasks' | 'logger'>): HostMiddleware {
  return {
    before: async (request) => {
      const { taskId, path, agentId, fence } = StepPayloadSchema.parse(request.event)
      const owner = request.context.awsRequestId
      const log = stepLog(logger, { taskId, stepId: path, requestId: owner })
      const plan = await tasks.getPlan(taskId)
      addParts(request.context, {
        own: { taskId, path, owner, fence: sortableFence(fence) },
        agentId,
        log,
        plan,
      })
    },
  }
}
