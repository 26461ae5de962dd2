import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { probeAgents } from '../../shared/app/probes/probe-agents.ts'
import type { Receipt } from '../../shared/domain/step.ts'
import { runElsewhere } from '../../shared/host/elsewhere/run-elsewhere.ts'
import { allowedElsewhere } from '../deps/elsewhere/allowed.ts'
import { elsewhere, ownFunctionsOf } from '../deps/elsewhere/elsewhere.ts'
import { logger } from '../deps/platform.ts'
import { agents } from '../deps/registry-ports.ts'
import { secretPorts } from '../deps/secrets/agent-secrets.ts'
import { suspendPorts } from '../deps/suspending/suspend-ports.ts'
import { hostPorts } from './agent-handler.ts'

/** The last part of this function's name. */
const NAME = 'elsewhere'

// The code of an agent elsewhere is not this bundle.
const { code: _ours, ...host } = hostPorts()
const ports = {
  ...host,
  ...secretPorts(),
  ...suspendPorts(),
  agents: agents(),
  elsewhere: elsewhere(),
  allowed: allowedElsewhere(),
}

/** An event of a schedule, by which the agents are asked whether they are well. */
const isSchedule = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && 'source' in event && event.source === 'aws.events'

async function probe(ownFunctions: string): Promise<void> {
  const { asked, ill } = await probeAgents({ ...ports, ownFunctions })()
  if (ill.length > 0) logger().warn('agents elsewhere are not well', { asked, ill: ill.slice(0, 50) })
}

/** The host of agents elsewhere: a step's call, as of any agent; or a schedule. */
export const handler = middy<unknown, Receipt | undefined, Error, Context>()
  .use(captureLambdaHandler(new Tracer()))
  .handler(async (payload, context) => {
    const ownFunctions = ownFunctionsOf(unqualified(context), NAME)
    if (isSchedule(payload)) return void (await probe(ownFunctions))
    return runElsewhere({ ...ports, ownFunctions })(payload, {
      id: context.awsRequestId,
      remainingMs: () => context.getRemainingTimeInMillis(),
    })
  })

/** The ARN of the function without a version or an alias. */
const unqualified = ({ invokedFunctionArn }: Context): string =>
  invokedFunctionArn.split(':').slice(0, 7).join(':')
