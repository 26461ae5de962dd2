import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import * as z from 'zod'
import { sweepMessages } from '../../shared/app/messages/sweep-messages.ts'
import { reconcileTasks } from '../../shared/app/tasks/reconcile-tasks.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { bell, messages } from '../deps/messages/message-ports.ts'
import { clock, logger } from '../deps/platform.ts'
import type { PortsOf } from '../deps/ports-of.ts'
import { mayQueue, queuePorts } from '../deps/queue-ports.ts'
import { suspensions } from '../deps/suspending/suspend-ports.ts'
import { taskPorts } from '../deps/task-ports.ts'
import { measure } from '../telemetry/metrics.ts'

/** The schedule's event is empty; an operator may set a shorter grace period. */
const RequestSchema = z.object({ graceSeconds: z.number().min(0).optional() })

const log = logger()
const ports: PortsOf<'reconcile'> & Pick<Ports, 'prices'> = {
  ...taskPorts(),
  ...queuePorts(),
  messages: messages(),
  bell: bell(),
  suspensions: suspensions(),
  clock,
}
const reconcile = reconcileTasks(ports)
const sweep = sweepMessages(ports)

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown) => {
    const request = RequestSchema.parse(event)
    const reconciled = await reconcile(request)
    measure('OpenTasks', {}, reconciled.looked - reconciled.ended)
    if (mayQueue()) measure('QueueAge', {}, reconciled.oldestQueuedSeconds)
    // Last, because it takes as long as the messages of users make it.
    const messages = await sweep(request)
    const outcome = { ...reconciled, messages }
    const report = outcome.failed.length + messages.failed.length > 0 ? log.warn : log.info
    report.call(log, 'reconciled', outcome)
    return outcome
  })
