import type { AgentMessages, SendOptions } from '../../agent/index.ts'
import { suspension } from '../../agent/suspend.ts'
import { recipientsOf } from '../../app/messages/recipients.ts'
import { type SendNeeds, sendMessage } from '../../app/messages/send-message.ts'
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import type { MessageRecord } from '../../domain/message.ts'
import { describeNotJson, notJsonIn } from '../../domain/not-json.ts'
import type { SecretMask } from '../../domain/secret-mask.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { requireNoSecret } from '../masked-ports.ts'
import { checkedSuspend } from '../suspending/until.ts'
import type { Sender } from './messaging.ts'

type Needs = SendNeeds & Pick<Ports, 'ids'> & { mask?: SecretMask | undefined }

/** Implements `context.messages`. */
export function agentMessages(ports: Needs, { plan, from, turn, signal, cause }: Sender): AgentMessages {
  const alike = new Map<string, number>()

  /** The same in every attempt that says the same, and another one for what is said again on purpose. */
  function idOf(to: string, body: Json, { type, key }: SendOptions): string {
    const said = key === undefined ? canonicalJson([to, type, body]) : `key ${key}`
    const before = alike.get(said) ?? 0
    alike.set(said, key === undefined ? before + 1 : 0)
    const parts = [plan.taskId, from, turn, said, String(before)]
    return `m_${ports.ids.digest(parts.join('\n')).slice(0, 32)}`
  }

  async function send(to: string, body: Json, options: SendOptions): Promise<MessageRecord[]> {
    signal.throwIfAborted()
    const wrong = notJsonIn(body)
    if (wrong) {
      const message = `the body of a message to ${to} is no JSON: ${describeNotJson(wrong, 'the body')}`
      throw new OrchestratorError('AgentFailedError', message)
    }
    requireNoSecret(ports.mask, body, 'body')
    const { type = 'event', correlationId } = options
    return sendMessage(ports, plan, {
      ...{ id: idOf(to, body, options), type, from, to, body, correlationId, cause },
    })
  }

  return {
    async send(to, body, options = {}) {
      const [first] = await send(to, body, options)
      return { id: first?.id ?? '' }
    },
    async ask(to, body, { timeoutSeconds, state, key }) {
      const [asked] = await send(to, body, { type: 'task', ...(key === undefined ? {} : { key }) })
      const message = { from: to, correlationId: asked?.correlationId ?? '' }
      return suspension(
        checkedSuspend({ until: { message, timeoutSeconds }, ...(state === undefined ? {} : { state }) }),
      )
    },
    async publish(topic, body, options = {}) {
      const to = `topic:${topic}`
      if (!hasRecipients(plan, to)) return { recipients: 0 }
      return { recipients: (await send(to, body, options)).length }
    },
  }
}

function hasRecipients(plan: Plan, to: string): boolean {
  try {
    return recipientsOf(plan, to).length > 0
  } catch (error) {
    if (isOrchestratorError(error, 'NotFoundError')) return false
    throw error
  }
}
