import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import { eraseDeleted } from '../../shared/app/deletion/erase-deleted.ts'
import { deletions } from '../deps/deletion-ports.ts'
import { clock, logger } from '../deps/platform.ts'
import { queuePorts } from '../deps/queue-ports.ts'
import { taskPorts } from '../deps/task-ports.ts'

/** No further work is begun after so long: the schedule calls again after a minute. */
const MOST_MILLISECONDS = 50_000

const log = logger()
const ports = { ...taskPorts(), ...queuePorts(), deletions: deletions(), clock }
const erase = eraseDeleted(ports)

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async () => {
    const until = Date.now() + MOST_MILLISECONDS
    const erased = await erase(() => Date.now() >= until)
    const report = erased.failed.length > 0 ? log.warn : log.info
    if (erased.passes > 0 || erased.failed.length > 0) report.call(log, 'deleted tasks erased', erased)
    return erased
  })
