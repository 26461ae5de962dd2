import type middy from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { type Allowance, headersOf, type RequestQuota } from '../../shared/app/quotas/request-quota.ts'
import type { Caller } from '../../shared/domain/caller.ts'

type Request = middy.MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>
type Answer = middy.MiddlewareFn<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>

/**
 * `count` counts each request of a known caller for its tenant, before anything else of it is read; what it refuses is not audited, for it has not reached
 * a route. `tell` says in each answer what is left, also where that is an error: it comes before the middleware that makes answers of errors, since
 * middy goes through them the other way round.
 */
export function requestQuota(
  quota: RequestQuota,
  callerOf: (event: APIGatewayProxyEventV2) => Caller,
): { count: Request; tell: Request } {
  const taken = new WeakMap<object, Allowance>()
  const tell: Answer = ({ context, response }) => {
    const allowance = taken.get(context)
    if (allowance && response) response.headers = { ...headersOf(allowance), ...response.headers }
  }
  return {
    count: {
      before: async ({ event, context }) => {
        const allowance = await quota.take(callerOf(event).tenant)
        if (allowance) taken.set(context, allowance)
      },
    },
    tell: { after: tell, onError: tell },
  }
}
