import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import type { DefinedAgent } from '../../shared/agent/index.ts'
import { isHandlerPayload } from '../../shared/contracts/handler-payload.ts'
import type { Receipt } from '../../shared/domain/step.ts'
import type { HostPorts } from '../../shared/host/host-ports.ts'
import { runStep } from '../../shared/host/run-step.ts'
import { bus } from '../deps/bus.ts'
import { files, taskFiles } from '../deps/files.ts'
import { money, quotas } from '../deps/identity/quota-ports.ts'
import { breakers, limits, statistics } from '../deps/knowledge-ports.ts'
import { agentSettings, clock, fileLimits, ids, logger, prices } from '../deps/platform.ts'
import { budgets } from '../deps/queue-ports.ts'
import { mask } from '../deps/secrets/secret-mask.ts'
import { executions } from '../deps/state-machines.ts'
import { gates, ledger, outputs } from '../deps/step-ports.ts'
import { taskPorts } from '../deps/task-ports.ts'
import { withStepConsole } from '../telemetry/agent-console.ts'
import { digestOfCode } from '../telemetry/code-digest.ts'
import { measure } from '../telemetry/metrics.ts'
import { tellBadJson } from '../telemetry/tell-bad-json.ts'
import { leaveIfAsked, untilExit } from '../telemetry/until-exit.ts'

// Before the agent's first call.
tellBadJson()

/** The Lambda handler of an agent. */
export function agentHandler(agent: DefinedAgent, ports: HostPorts = hostPorts()) {
  const run = runStep(ports)
  return middy<unknown, Receipt | { handled: true }, Error, Context>()
    .use(captureLambdaHandler(new Tracer()))
    .handler(async (payload, context) => {
      try {
        const invocation = {
          id: context.awsRequestId,
          remainingMs: () => context.getRemainingTimeInMillis(),
        }
        const { messaging } = ports
        if (messaging && isHandlerPayload(payload))
          return await messaging.handle({ ...ports, messaging })(agent, payload, invocation)
        return await run(agent, payload, invocation)
      } finally {
        leaveIfAsked()
      }
    })
}

/** The ports of every agent's function. */
export function hostPorts(): HostPorts {
  return {
    ...taskPorts(),
    gates: gates(),
    outputs: outputs(),
    files: files(),
    taskFiles: taskFiles(),
    fileLimits: fileLimits(),
    settings: agentSettings(),
    bus: bus(),
    prices: prices(),
    executions: executions(),
    statistics: statistics(),
    breakers: breakers(),
    limits: limits(),
    budgets: budgets(),
    quotas: quotas(),
    money: money(),
    ledger: ledger(),
    clock,
    code: digestOfCode(import.meta.filename),
    ids: ids(),
    mask: mask(),
    log: logger(),
    measure,
    withConsole: withStepConsole,
    untilExit: (work) => untilExit(work, { leaves: true }),
  }
}
