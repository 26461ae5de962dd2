import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { rebindStep } from '../../shared/app/steps/rebind-step.ts'
import { type RebindAnswer, RebindPayloadSchema } from '../../shared/contracts/step-payload.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import type { RebindFacts } from '../../shared/domain/failure-facts.ts'
import { bus } from '../deps/bus.ts'
import { knowledgePorts } from '../deps/knowledge-ports.ts'
import { clock, logger } from '../deps/platform.ts'
import { budgets, waits } from '../deps/queue-ports.ts'
import { executions } from '../deps/state-machines.ts'
import { gates } from '../deps/step-ports.ts'
import { taskPorts } from '../deps/task-ports.ts'
import { measure } from '../telemetry/metrics.ts'

const log = logger()
const rebind = rebindStep({
  ...taskPorts(),
  ...knowledgePorts(),
  gates: gates(),
  budgets: budgets(),
  waits: waits(),
  bus: bus(),
  executions: executions(),
  clock,
})

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown, context: Context) => {
    const payload = RebindPayloadSchema.parse(event)
    const { taskId, path: stepId, error } = payload
    let facts: RebindFacts | undefined
    const owner = context.awsRequestId
    const answer = await rebind(
      { ...payload, owner },
      (told) => {
        facts = told
      },
      // A host that died has written no line.
      (lost) => log.warn('attempt failed', { taskId, stepId, ...lost }),
    ).catch((error: unknown) => {
      if (isOrchestratorError(error, 'AgentBusyError')) {
        measure('BusyLooks', {}, 1)
        log.info('agents still busy', { taskId, stepId, reason: error.message })
      }
      throw error
    })
    if (facts?.failover !== undefined) measure('Failovers', { agentId: facts.failover }, 1)
    log.info('step rebound', { taskId, stepId, ...facts, errorName: error.Error, ...gist(answer) })
    return answer
  })

/** What people read of the answer: which agent has the step now, or how it has ended. */
function gist(answer: RebindAnswer) {
  if ('settled' in answer) return answer
  const { agentId, waitSeconds } = answer.rebound
  return { agentId, ...(waitSeconds > 0 ? { waitSeconds } : {}) }
}
