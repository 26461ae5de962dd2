import type middy from '@middy/core'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { Caller } from '../../shared/domain/caller.ts'

/** Refuses a request of nobody before anything of it is read, also one that fits no route. */
export const knownCaller = (
  callerOf: (event: APIGatewayProxyEventV2) => Caller,
): middy.MiddlewareObj<APIGatewayProxyEventV2> => ({ before: ({ event }) => void callerOf(event) })
