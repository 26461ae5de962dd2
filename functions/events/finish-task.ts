import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import * as z from 'zod'
import { finishTask } from '../../shared/app/tasks/finish-task.ts'
import { parseExecutionName } from '../../shared/domain/task.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { clock, logger } from '../deps/platform.ts'
import type { PortsOf } from '../deps/ports-of.ts'
import { queuePorts } from '../deps/queue-ports.ts'
import { taskPorts } from '../deps/task-ports.ts'

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
const ports: PortsOf<'finish-task'> & Pick<Ports, 'prices'> = { ...taskPorts(), ...queuePorts(), clock }
const finish = finishTask(ports)

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
