import { type AgentContext, type DefinedAgent, FinalError, RetryableError } from '../../agent/index.ts'
import type { Callback, Resumed } from '../../agent/suspend.ts'
import type { AgentAnswer } from '../../contracts/agent-contract.ts'
import type { Agent } from '../../domain/agent.ts'
import type { Elsewhere } from '../../domain/elsewhere/place.ts'
import type { AllowedElsewhere } from '../../domain/elsewhere/settings.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { describeIssues, type Issue } from '../../domain/issue.ts'
import type { Json } from '../../domain/json.ts'
import { givenName } from '../../domain/tenants.ts'
import { secondsUntil } from '../../domain/times.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { ElsewhereAgents } from '../../ports/elsewhere.ts'
import type { Ports } from '../../ports/index.ts'
import { schemaOfJson } from '../../workflow/schema-of-json.ts'
import { callDocument } from './call-document.ts'
import { readAnswer } from './read-answer.ts'

export type ElsewhereNeeds = Pick<Ports, 'clock' | 'ids' | 'files'> & {
  elsewhere: ElsewhereAgents
  /** What the stage allows to the tenant whose agent it is. */
  allowed: AllowedElsewhere
}

/** How long a callback is waited for that says no time: a day, in seconds. */
const SUSPENDED_SECONDS = 86_400
/** How long an agent that is busy and names no time is left alone, in seconds. */
const BUSY_SECONDS = 5

/**
 * A registered agent as the host runs it: its work is one call of what it is elsewhere. `issues` are why it may not be called (elsewhere/W1): then each
 * attempt fails with them. Throws AgentFailedError for a schema that cannot be checked, which no release has registered.
 */
export function elsewhereAgent(
  ports: ElsewhereNeeds,
  agent: Agent & { elsewhere: Elsewhere },
  issues: readonly Issue[],
): DefinedAgent {
  const { elsewhere: place } = agent
  const id = givenName(agent.id)
  const secret = place.kind === 'http' ? place.secret : undefined
  return {
    manifest: {
      ...agent,
      id,
      ...(secret === undefined ? {} : { needs: { models: [], secrets: [secret] } }),
    },
    capabilities: Object.fromEntries(
      agent.capabilities.map(({ name, description, inputSchema, outputSchema, outbound, suspends }) => [
        name,
        {
          description,
          input: schemaIn(id, `${name}.inputSchema`, inputSchema as Json),
          output: schemaIn(id, `${name}.outputSchema`, outputSchema as Json),
          ...withoutUndefined({ outbound, suspends }),
        },
      ]),
    ),
    async execute({ capability, input }, context) {
      if (issues.length > 0)
        throw new FinalError(`agent ${id} is not called any more: ${describeIssues(issues)}`)
      if (context.resumed) return calledBack(id, context.resumed)
      const suspends = agent.capabilities.some((one) => one.name === capability && one.suspends)
      const callback = suspends ? await context.callback() : undefined
      const asked = { agentId: agent.id, capability, input: input as Json, callback }
      const { id: callId, body } = await callDocument(ports, asked, context)
      const reply = await ports.elsewhere.call(place, {
        id: callId,
        body,
        allowed: ports.allowed,
        secret: secret === undefined ? undefined : await context.secret(secret),
        timeoutSeconds: Math.max(1, secondsUntil(context.deadline.toISOString(), ports.clock.now())),
        signal: context.signal,
      })
      return answered(id, readAnswer(reply, ports.clock.now()), { ...context, announced: callback })
    },
  }
}

function schemaIn(id: string, what: string, schema: Json) {
  try {
    return schemaOfJson(schema)
  } catch (error) {
    const message = `agent ${id}: ${what} cannot be checked: ${(error as Error).message}`
    throw new OrchestratorError('AgentFailedError', message)
  }
}

/** The output, after its cost is counted; or the error that the host knows what to do with. */
function answered(
  id: string,
  answer: AgentAnswer,
  context: Pick<AgentContext, 'spend' | 'suspend'> & { announced: Callback | undefined },
): unknown {
  const { costUsd, tokens } = answer
  if (costUsd !== undefined || tokens !== undefined)
    context.spend({
      ...(costUsd === undefined ? {} : { costUsd }),
      ...(tokens === undefined ? {} : { tokens }),
    })
  switch (answer.kind) {
    case 'output':
      return answer.output
    case 'busy':
      throw new OrchestratorError('AgentBusyError', `agent ${id} is busy: ${answer.message}`, {
        waitSeconds: answer.waitSeconds ?? BUSY_SECONDS,
      })
    case 'transient':
      throw new RetryableError(`agent ${id}: ${answer.message}`, {
        retryAfterSeconds: answer.retryAfterSeconds,
      })
    case 'final':
      throw new FinalError(`agent ${id}: ${answer.message}`, { details: answer.details ?? {} })
    case 'suspended':
      if (context.announced)
        return context.suspend({
          until: {
            callback: context.announced,
            timeoutSeconds: answer.timeoutSeconds ?? SUSPENDED_SECONDS,
            ...withoutUndefined({ heartbeatSeconds: answer.heartbeatSeconds }),
          },
        })
      throw new FinalError(
        `agent ${id} announces an answer by callback, which it does not say that it does: register it with suspends: true`,
      )
  }
}

/** The output that a callback has brought. A failure is final: another attempt of this turn would be told the same. */
function calledBack(id: string, { by }: Resumed): unknown {
  if (by.kind === 'callback' && by.error)
    throw new FinalError(`agent ${id} answers by callback: ${by.error.name}: ${by.error.message}`)
  if (by.kind === 'callback') return by.output
  throw new FinalError(
    `agent ${id} has announced an answer by callback, and none has come: the wait has ended by ${by.kind}`,
  )
}
