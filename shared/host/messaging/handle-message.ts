/**
 * Runs the handler of an agent for one message.
 *
 * Invariants (tests cite them):
 * handler/M1 a message is handled for the latest call with it alone: an earlier one changes nothing more (delivery/L2)
 * handler/M2 what handling has cost is settled in the budget of the task, and kept with the message, however it ends
 * handler/M3 a handler says nothing about how well its agent does steps: it counts in no statistics and opens no breaker
 */
import type { DefinedAgent, MessageContext } from '../../agent/index.ts'
import { admit } from '../../app/limits/admission.ts'
import { makeSpending } from '../../app/limits/spending.ts'
import { withinTenant } from '../../app/tenants/within-tenant.ts'
import { HandlerPayloadSchema } from '../../contracts/handler-payload.ts'
import { boundedText, textOf } from '../../domain/bounded.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { factsOfAgent } from '../../domain/log-facts.ts'
import { type MessageRecord, MOST_HANDLING_SECONDS } from '../../domain/message.ts'
import { orAborted } from '../../domain/or-aborted.ts'
import { platformTimer } from '../../domain/timer.ts'
import type { Plan } from '../../ports/index.ts'
import { asAgentFailure } from '../agent-failure.ts'
import { agentSecret } from '../agent-secret.ts'
import type { HostPorts, Invocation } from '../host-ports.ts'
import { maskedFailure, maskedPorts } from '../masked-ports.ts'
import { performOnce } from '../perform-once.ts'
import { stepLog } from '../step-log.ts'
import { agentMessages } from './agent-messages.ts'
import type { Messaging } from './messaging.ts'

type Needs = HostPorts & { messaging: Messaging }

const MARGIN_MILLISECONDS = 1_500

/** Throws an OrchestratorError for any value that the handler throws; nothing where the message was settled before. */
export const handleMessage =
  (given: Needs) =>
  async (agent: DefinedAgent, payload: unknown, invocation: Invocation): Promise<{ handled: true }> => {
    const all = { ...maskedPorts(given), messaging: given.messaging }
    const { message: call } = HandlerPayloadSchema.parse(payload)
    const { messages } = all.messaging
    const message = await messages.readMessage(call)
    // handler/M1
    if (message?.status !== 'sent' || message.tries !== call.try) return { handled: true }
    const plan = await all.plans.getPlan(call.taskId, call.execution)
    const ports = { ...withinTenant(all, plan.tenant), messaging: all.messaging }
    try {
      await handle(ports, agent, { plan, message, invocation })
    } catch (error) {
      throw maskedFailure(all.mask, error)
    }
    return { handled: true }
  }

type Work = { plan: Plan; message: MessageRecord; invocation: Invocation }

async function handle(ports: Needs, agent: DefinedAgent, { plan, message, invocation }: Work): Promise<void> {
  const { manifest, onMessage } = agent
  if (!onMessage) throw new OrchestratorError('AgentFinalError', `agent ${manifest.id} handles no messages`)
  const body = parsedBody(agent, await ports.values.loadValue(message.body))
  const own = {
    taskId: plan.taskId,
    path: `message:${message.id}`,
    owner: invocation.id,
    fence: String(message.tries).padStart(4, '0'),
  }
  const left = Math.min(MOST_HANDLING_SECONDS * 1_000, invocation.remainingMs() - MARGIN_MILLISECONDS)
  const deadline = new Date(ports.clock.now().getTime() + left)
  const spending = makeSpending(manifest.price, ports.prices)
  const admitted = await admit(ports, {
    ...{ own, plan, manifest, deadline, decision: undefined },
    agentId: message.to.slice('agent:'.length),
  })
  const controller = new AbortController()
  const late = new OrchestratorError(
    'StepTimedOutError',
    `message ${message.id} was not handled within ${left / 1_000} s`,
  )
  const stop = (ports.timer ?? platformTimer)(left, () => controller.abort(late))
  const { signal } = controller
  const log = stepLog(ports.log, { taskId: plan.taskId, messageId: message.id, agentId: manifest.id })
  try {
    const context = contextOf(ports, agent, {
      plan,
      message,
      own,
      signal,
      deadline,
      log,
      spend: spending.add,
    })
    const work = () => onMessage({ ...without(message), body }, context)
    await orAborted(signal, () => (ports.withConsole ? ports.withConsole(log, work) : work()))
  } catch (error) {
    throw signal.aborted ? signal.reason : asAgentFailure(error, ports.clock.now(), ports.mask)
  } finally {
    stop()
    const { usd, tokens } = spending.sum()
    await admitted.end(undefined, { nanoUsd: Math.round(usd * 1e9), tokens })
  }
  const { costUsd, tokens } = spending.told()
  const settledAt = ports.clock.now().toISOString()
  // False where a later call has begun: that one decides (handler/M1).
  await ports.messaging.messages.settleMessage(message, { status: 'handled', settledAt, costUsd, tokens })
}

type Own = { taskId: string; path: string; owner: string; fence: string }
type Handling = Omit<Work, 'invocation'> & {
  own: Own
  signal: AbortSignal
  deadline: Date
  log: ReturnType<typeof stepLog>
  spend: MessageContext['spend']
}

function contextOf(
  ports: Needs,
  { manifest }: DefinedAgent,
  { plan, message, own, signal, deadline, log, spend }: Handling,
): MessageContext {
  const { mask, settings = { allowedHosts: [] }, messaging } = ports
  const masked = (value: unknown): string => mask?.text(textOf(value)) ?? textOf(value)
  const sender = { plan, from: message.to, turn: message.id, signal, cause: message }
  const messages = agentMessages({ ...ports, ...messaging }, sender)
  return {
    task: { id: plan.taskId, type: plan.type, metadata: plan.metadata, input: plan.input },
    attempt: message.tries,
    signal,
    deadline,
    log: {
      info: (text, facts = {}) => log.info(boundedText(masked(text)), factsOfAgent(facts)),
      warn: (text, facts = {}) => log.warn(boundedText(masked(text)), factsOfAgent(facts)),
    },
    settings,
    secret: agentSecret(ports, manifest),
    once: performOnce(ports, own, signal) as MessageContext['once'],
    spend,
    messages,
    reply: (body, options = {}) =>
      messages.send(message.from, body, {
        ...options,
        type: 'response',
        correlationId: message.correlationId,
      }),
  }
}

function without({ id, type, topic, from, to, correlationId, causationId, at }: MessageRecord) {
  return { id, type, topic, from, to, correlationId, causationId, at }
}

/** The body as the agent's schema reads it. Throws AgentFinalError: no other call would read it otherwise. */
function parsedBody({ manifest, messageBody }: DefinedAgent, body: Json): unknown {
  if (!messageBody) return body
  const { success, data, error } = messageBody.safeParse(body)
  if (success) return data
  const [issue] = error.issues
  const at = issue?.path.join('.') || 'the body'
  const message = `agent ${manifest.id} takes no message with such a body: ${at}: ${issue?.message ?? ''}`
  throw new OrchestratorError('AgentFinalError', boundedText(message))
}
