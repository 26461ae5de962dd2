import type middy from '@middy/core'
import httpJsonBodyParser from '@middy/http-json-body-parser'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'

const parser = httpJsonBodyParser({ disableContentTypeError: true })

/** Puts the parsed body in the place of its text. Clients say `content-type: application/json` also where they send nothing. */
export const jsonBody = (): middy.MiddlewareObj<APIGatewayProxyEventV2> => ({
  before: (request) => (request.event.body ? parser.before?.(request) : undefined),
})
