import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { appendNoted } from '../../shared/app/audit/append-noted.ts'
import { clock, ids, logger } from '../deps/platform.ts'
import { audit } from '../deps/registry-ports.ts'

/** No further call is appended when less time than this is left; the next run goes on. */
const KEPT_MILLISECONDS = 5_000

const log = logger()
const append = appendNoted({ audit: audit(), ids: ids(), clock })

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (_event: unknown, context: Context) => {
    const until = Date.now() + context.getRemainingTimeInMillis() - KEPT_MILLISECONDS
    const appended = await append({ until })
    if (appended > 0) log.info('audit entries appended', { appended })
    return { appended }
  })
