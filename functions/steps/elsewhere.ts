import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import type { Receipt } from '../../shared/domain/step.ts'
import { runElsewhere } from '../../shared/host/elsewhere/run-elsewhere.ts'
import { allowedElsewhere } from '../deps/elsewhere/allowed.ts'
import { elsewhere, ownFunctionsOf } from '../deps/elsewhere/elsewhere.ts'
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

/** The host of agents elsewhere: a step's call, as of any agent. */
export const handler = middy<unknown, Receipt, Error, Context>()
  .use(captureLambdaHandler(new Tracer()))
  .handler((payload, context) =>
    runElsewhere({ ...ports, ownFunctions: ownFunctionsOf(unqualified(context), NAME) })(payload, {
      id: context.awsRequestId,
      remainingMs: () => context.getRemainingTimeInMillis(),
    }),
  )

/** The ARN of the function without a version or an alias. */
const unqualified = ({ invokedFunctionArn }: Context): string =>
  invokedFunctionArn.split(':').slice(0, 7).join(':')
