import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import * as z from 'zod'
import { appendNoted } from '../../shared/app/audit/append-noted.ts'
import { clock, ids, logger } from '../deps/platform.ts'
import { audit } from '../deps/registry-ports.ts'
import { measure } from '../telemetry/metrics.ts'

/** No further call is appended when less time than this is left; the next run goes on. */
const KEPT_MILLISECONDS = 5_000

/** The schedule's event names none; the API asks for the tenant of a caller who reads. */
const RequestSchema = z.object({ tenant: z.string().optional() })

const log = logger()
const append = appendNoted({ audit: audit(), ids: ids(), clock })

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown, context: Context) => {
    const { tenant } = RequestSchema.parse(event)
    const until = Date.now() + context.getRemainingTimeInMillis() - KEPT_MILLISECONDS
    const { appended, waitsSince } = await append({ until, tenant })
    if (appended > 0) log.info('audit entries appended', { appended })
    if (tenant === undefined) {
      const waited = waitsSince === undefined ? 0 : Date.now() - Date.parse(waitsSince)
      measure('AuditWait', {}, Math.max(0, waited / 1_000))
    }
    return { appended }
  })
