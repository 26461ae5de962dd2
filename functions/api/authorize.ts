import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import * as z from 'zod'
import { authorize } from '../../shared/app/identity/authorize.ts'
import { type Admitted, contextOf, type Refused } from '../../shared/contracts/caller-context.ts'
import { resourceMetadata } from '../../shared/contracts/resource-metadata.ts'
import { identity, tokens } from '../deps/identity/identity.ts'
import { keys } from '../deps/identity/keys.ts'
import { clock, ids, logger } from '../deps/platform.ts'

/** An authorizer's event (payload format 2.0), or that of the route where clients learn who the issuers are. */
const EventSchema = z.object({
  type: z.string().optional(),
  identitySource: z.array(z.string()).nullish(),
  requestContext: z.object({ domainName: z.string().optional() }),
})

const log = logger()
const find = authorize({ keys: keys(), tokens: tokens(), ids: ids(), clock, identity: identity() })

/**
 * The authorizer of the door for tokens and keys. It lets those through, too, whom it refuses, named as such: a simple response can only say 403, and
 * the API's function answers them with 401 and the reason. An error, which API Gateway does not keep, is thrown where it cannot be known now who asks.
 */
export const handler = middy<unknown, object>()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event) => {
    const { type, identitySource, requestContext } = EventSchema.parse(event)
    if (type !== 'REQUEST') return metadata(requestContext.domainName)
    const found = await find(identitySource?.[0] ?? '')
    tell(found)
    return { isAuthorized: true, context: contextOf(found) }
  })

function metadata(host = 'localhost') {
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'max-age=300' },
    body: JSON.stringify(resourceMetadata(identity(), host)),
  }
}

/** Without anything of the token itself. */
function tell(found: Admitted | Refused): void {
  if ('refused' in found) return log.info('refused', { reason: found.refused })
  const { kind, tenant, subject, issuer } = found
  log.info('admitted', { kind, tenant, subject, ...(issuer ? { issuer } : {}) })
}
