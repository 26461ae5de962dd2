import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { controlStep } from '../../shared/app/control-step.ts'
import { ControlPayloadSchema } from '../../shared/contracts/step-payload.ts'
import { getDeps } from '../deps.ts'

const deps = getDeps()
const control = controlStep(deps)

export const handler = middy()
  .use(injectLambdaContext(deps.logger))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown, context: Context) => {
    const payload = ControlPayloadSchema.parse(event)
    const answer = await control({ ...payload, owner: context.awsRequestId })
    const { taskId, path: stepId, at } = payload
    // Its values may be what users submitted.
    deps.logger.info('step controlled', { taskId, stepId, at, answer: Object.keys(answer) })
    return answer
  })
