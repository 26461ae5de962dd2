import { setTimeout as delay } from 'node:timers/promises'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import * as z from 'zod'
import { collectMachines } from '../../shared/app/machines/collect-machines.ts'
import { clock, logger } from '../deps/platform.ts'
import type { PortsOf } from '../deps/ports-of.ts'
import { collectables } from '../deps/registry-ports.ts'
import { patientMachines } from '../deps/state-machines.ts'

/** The schedule's event is empty; an operator may set a shorter age. */
const RequestSchema = z.object({ unusedDays: z.number().min(0).optional() })

/** No further item is begun when less time than this is left; the next collection continues. */
const KEPT_MILLISECONDS = 10_000
let until = 0
const patience = { wait: delay, leftMilliseconds: () => until - Date.now() }

const log = logger()
const ports: PortsOf<'collect'> = {
  collectables: collectables(),
  machines: patientMachines(patience),
  clock,
}
const collect = collectMachines(ports)

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown, context: Context) => {
    until = Date.now() + context.getRemainingTimeInMillis() - KEPT_MILLISECONDS
    const { unusedDays } = RequestSchema.parse(event)
    const outcome = await collect(unusedDays === undefined ? {} : { unusedDays })
    log.info('machines collected', outcome)
    return outcome
  })
