import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import { z } from 'zod'
import { finishTask } from '../../shared/app/finish-task.ts'
import { getDeps } from '../deps.ts'

/** Step Functions' own event; it is best effort and may lack input, output, error and cause. */
const StatusChangeSchema = z.object({
  detail: z.object({
    name: z.string(),
    status: z.enum(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
})

const deps = getDeps()
const finish = finishTask(deps)
const metrics = new Metrics()

export const handler = middy()
  .use(injectLambdaContext(deps.logger))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown) => {
    const { name, status, error, cause } = StatusChangeSchema.parse(event).detail
    const outcome = await finish({
      name,
      ended: { status, error: error ?? undefined, cause: cause ?? undefined },
    })
    deps.logger.info('execution ended', { execution: name, status, task: outcome ?? 'not open' })
    if (outcome)
      metrics.singleMetric().addDimension('outcome', outcome).addMetric('Tasks', MetricUnit.Count, 1)
  })
