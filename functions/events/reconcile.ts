import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import { reconcileTasks } from '../../shared/app/reconcile-tasks.ts'
import { getDeps } from '../deps.ts'

const deps = getDeps()
const reconcile = reconcileTasks(deps)

export const handler = middy()
  .use(injectLambdaContext(deps.logger))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async () => {
    const outcome = await reconcile()
    const report = outcome.failed.length > 0 ? deps.logger.warn : deps.logger.info
    report.call(deps.logger, 'reconciled', outcome)
    return outcome
  })
