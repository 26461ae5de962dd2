import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import { applyRetention } from '../../shared/app/deletion/apply-retention.ts'
import { eraseDeleted } from '../../shared/app/deletion/erase-deleted.ts'
import { type EraseTenantNeeds, eraseTenants } from '../../shared/app/deletion/erase-tenants.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { deletions, tenants } from '../deps/deletion/deletion-ports.ts'
import { keys } from '../deps/identity/keys.ts'
import { clock, logger } from '../deps/platform.ts'
import { queuePorts } from '../deps/queue-ports.ts'
import { collectables, workflows } from '../deps/registry-ports.ts'
import { machines } from '../deps/state-machines.ts'
import { retention, taskPorts } from '../deps/task-ports.ts'

/** No further work is begun after so long: the schedule calls again after a minute. */
const MOST_MILLISECONDS = 50_000

const log = logger()
const ports: EraseTenantNeeds & Pick<Ports, 'retention'> = {
  ...taskPorts(),
  ...queuePorts(),
  deletions: deletions(),
  tenants: tenants(),
  keys: keys(),
  workflows: workflows(),
  machines: machines(),
  collectables: collectables(),
  retention: retention(),
  clock,
}
const eraseTasks = eraseDeleted(ports)
const eraseOwn = eraseTenants(ports)
const retain = applyRetention(ports)

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async () => {
    const until = Date.now() + MOST_MILLISECONDS
    const isTimeUp = () => Date.now() >= until
    const tasks = await eraseTasks(isTimeUp)
    const ofTenants = await eraseOwn(isTimeUp)
    const expiring = await retain(isTimeUp)
    const failed = tasks.failed.length + ofTenants.failed.length
    const report = failed > 0 ? log.warn : log.info
    if (failed + tasks.passes + ofTenants.ended + ofTenants.underWay + expiring.changed > 0)
      report.call(log, 'deleted data erased', { tasks, tenants: ofTenants, expiring })
    return { tasks, tenants: ofTenants, expiring }
  })
