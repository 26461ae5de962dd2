import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { anchorChains } from '../../shared/app/audit/anchor-chains.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { anchors } from '../deps/audit/anchors.ts'
import { clock, logger } from '../deps/platform.ts'
import { audit } from '../deps/registry-ports.ts'

/** No further chain is begun when less time than this is left; the next run goes on. */
const KEPT_MILLISECONDS = 15_000

const log = logger()

/** A chain that does not fit its anchor, or cannot be anchored, fails the call, after all others are anchored: it comes to the dead letters, which have an alarm. */
export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (_event: unknown, context: Context) => {
    const kept = anchors()
    if (kept === undefined)
      throw new OrchestratorError('ConfigError', 'the stage has no anchors: set auditAnchorDays, and deploy')
    const until = Date.now() + context.getRemainingTimeInMillis() - KEPT_MILLISECONDS
    const { anchored, misfits, failed } = await anchorChains({ audit: audit(), anchors: kept, clock })({
      until,
    })
    if (anchored > 0) log.info('audit chains anchored', { anchored })
    if (misfits.length > 0)
      throw new Error(`chains do not fit their anchors: ${[...misfits, ...failed].join('; ')}`)
    if (failed.length > 0) throw new Error(`chains cannot be anchored: ${failed.join('; ')}`)
    return { anchored }
  })
