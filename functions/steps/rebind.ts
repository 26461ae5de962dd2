import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { type RebindFacts, rebindStep } from '../../shared/app/steps/rebind-step.ts'
import { RebindPayloadSchema } from '../../shared/contracts/step-payload.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import {
  breakers,
  budgets,
  bus,
  clock,
  executions,
  limits,
  logger,
  registryPorts,
  statistics,
  taskPorts,
} from '../deps.ts'
import { measure } from '../telemetry/metrics.ts'

const log = logger()
const rebind = rebindStep({
  ...taskPorts(),
  ...registryPorts(),
  statistics: statistics(),
  breakers: breakers(),
  limits: limits(),
  budgets: budgets(),
  bus: bus(),
  clock,
  executions: executions(),
})

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown, context: Context) => {
    const payload = RebindPayloadSchema.parse(event)
    const { taskId, path: stepId, error } = payload
    let facts: RebindFacts | undefined
    const owner = context.awsRequestId
    const answer = await rebind({ ...payload, owner }, (told) => {
      facts = told
    }).catch((error: unknown) => {
      if (isOrchestratorError(error, 'AgentBusyError')) {
        measure('BusyLooks', {}, 1)
        log.info('agents still busy', { taskId, stepId, reason: error.message })
      }
      throw error
    })
    if (facts?.failover !== undefined) measure('Failovers', { agentId: facts.failover }, 1)
    log.info('step rebound', { taskId, stepId, ...facts, errorName: error.Error, answer })
    return answer
  })
