import type { Logger } from '@aws-lambda-powertools/logger'
import type middy from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

type Request = middy.MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>

/** Logs one line for each request that changes something: route, task and status. Reads are in the access log only. */
export const requestLog = ({ logger }: { logger: Logger }): Request => ({
  after: ({ event, response }) => {
    const { method } = event.requestContext.http
    if (method === 'GET') return
    const facts = { route: event.routeKey, status: response?.statusCode, taskId: taskIn(event, response) }
    logger.info('request done', facts)
  },
})

function taskIn(
  { pathParameters }: APIGatewayProxyEventV2,
  response: APIGatewayProxyStructuredResultV2 | null | undefined,
): string | undefined {
  if (pathParameters?.id) return pathParameters.id
  return /^\{"taskId":"(t_\w+)"/.exec(response?.body ?? '')?.[1]
}
