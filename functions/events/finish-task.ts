import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import * as z from 'zod'
import { finishTask } from '../../shared/app/tasks/finish-task.ts'
import { parseExecutionName } from '../../shared/domain/task.ts'
import { budgets, bus, clock, executions, limits, logger, prices, queue, taskPorts } from '../deps.ts'

/** Step Functions' status change event: delivery is best effort, and input, output, error and cause may be missing. */
const StatusChangeSchema = z.object({
  detail: z.object({
    executionArn: z.string(),
    name: z.string(),
    status: z.enum(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
})

const log = logger()
const finish = finishTask({
  ...taskPorts(),
  budgets: budgets(),
  prices: prices(),
  queue: queue(),
  limits: limits(),
  executions: executions(),
  bus: bus(),
  clock,
})

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown) => {
    const { executionArn, name, status, error, cause } = StatusChangeSchema.parse(event).detail
    const outcome = await finish({
      name,
      ended: { status, error: error ?? undefined, cause: cause ?? undefined },
    })
    const taskId = parseExecutionName(name)?.taskId
    log.info('execution ended', { taskId, executionArn, status, task: outcome ?? 'not open' })
  })
