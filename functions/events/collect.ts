import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import * as z from 'zod'
import { collectMachines } from '../../shared/app/collect-machines.ts'
import { clock, logger, machines, registry } from '../deps.ts'

/** The schedule's event says nothing; a person may ask for younger ones as well. */
const RequestSchema = z.object({ unusedDays: z.number().min(0).optional() })

const log = logger()
const collect = collectMachines({ registry: registry(), machines: machines(), clock })

export const handler = middy()
  .use(injectLambdaContext(log))
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (event: unknown) => {
    const { unusedDays } = RequestSchema.parse(event)
    const outcome = await collect(unusedDays === undefined ? {} : { unusedDays })
    log.info('machines collected', outcome)
    return outcome
  })
