import type middy from '@middy/core'
import httpJsonBodyParser from '@middy/http-json-body-parser'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'

const parser = httpJsonBodyParser({ disableContentTypeError: true })

/** Replaces the body by its parsed value. Clients send `content-type: application/json` even with an empty body. */
export const jsonBody = (): middy.MiddlewareObj<APIGatewayProxyEventV2> => ({
  before: (request) => (request.event.body ? parser.before?.(request) : undefined),
})
