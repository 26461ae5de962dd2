import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context, SQSBatchResponse } from 'aws-lambda'
import * as z from 'zod'
import { deliverBatch, deliverMessage } from '../../shared/app/messages/deliver-message.ts'
import { MOST_HANDLING_SECONDS } from '../../shared/domain/message.ts'
import { lambdaHandlers } from '../adapters/lambda/handlers.ts'
import { bus } from '../deps/bus.ts'
import { lambda } from '../deps/clients.ts'
import { messages } from '../deps/messages/message-ports.ts'
import { clock, logger } from '../deps/platform.ts'
import type { PortsOf } from '../deps/ports-of.ts'
import { executions } from '../deps/state-machines.ts'
import { suspensions } from '../deps/suspending/suspend-ports.ts'
import { taskPorts } from '../deps/task-ports.ts'

const BellSchema = z
  .string()
  .transform((text) => JSON.parse(text) as unknown)
  .pipe(
    z.object({
      taskId: z.string(),
      id: z.string(),
      to: z.string(),
      from: z.string(),
      sequence: z.number(),
    }),
  )
const BatchSchema = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      body: BellSchema,
      attributes: z.object({ MessageGroupId: z.string() }),
    }),
  ),
})

/** A handler, and what is before and after it. */
const NEEDED_MILLISECONDS = (MOST_HANDLING_SECONDS + 20) * 1_000

const log = logger()
const ports: PortsOf<'deliver'> = {
  ...taskPorts(),
  messages: messages(),
  suspensions: suspensions(),
  handlers: lambdaHandlers({ client: lambda() }),
  bus: bus(),
  executions: executions(),
  clock,
}
const deliver = deliverMessage(ports)

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown, context: Context): Promise<SQSBatchResponse> => {
    const { Records } = BatchSchema.parse(event)
    const records = Records.map(({ messageId, body, attributes }) => ({
      ...body,
      messageId,
      group: attributes.MessageGroupId,
    }))
    const left = await deliverBatch(deliver, records, {
      hasTime: () => context.getRemainingTimeInMillis() > NEEDED_MILLISECONDS,
      onFailed: ({ taskId, id }, error) =>
        log.warn('message not delivered', { taskId, messageId: id, error: error as Error }),
    })
    return { batchItemFailures: left.map(({ messageId }) => ({ itemIdentifier: messageId })) }
  })
