/**
 * Sends a message to steps and agents of a task.
 *
 * Invariants (tests cite them):
 * messages/R1 a message to somebody whom the task does not know is refused, with the names that it knows
 * messages/R2 a message to a step that waits no more is refused, with what has happened; one to a step that does not wait yet is kept for it
 * messages/R3 a message is sent once under its id: whoever sends it again gets what was stored, and what a crash has left undone is done
 * messages/R4 a chain of messages of which each has caused the next ends after sixteen
 */
import { OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import {
  addressOf,
  MESSAGE_ID,
  type Message,
  type MessageRecord,
  MOST_BODY_BYTES,
  MOST_HOPS,
} from '../../domain/message.ts'
import { shown } from '../../domain/shown.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { type GiveNeeds, giveMessage } from './give-message.ts'
import { recipientsOf, requireWaiting } from './recipients.ts'

export type SendNeeds = GiveNeeds & Pick<Ports, 'bell'>

export type Outgoing = {
  id: string
  type: Message['type']
  from: string
  to: string
  body: Json
  correlationId?: string | undefined
  /** The message that its sender is handling. */
  cause?: Pick<Message, 'id' | 'correlationId' | 'hops'> | undefined
}

/** The stored messages, one for each recipient. Throws NotFoundError, ConflictError, InvalidInputError, ContentTooLargeError, TooManyRequestsError. */
export async function sendMessage(
  ports: SendNeeds,
  plan: Pick<Plan, 'taskId' | 'workflow' | 'bindings' | 'suspending'>,
  outgoing: Outgoing,
): Promise<MessageRecord[]> {
  const { id, type, from, to, body, cause } = outgoing
  const { taskId } = plan
  // Who publishes knows it.
  const recipients = recipientsOf(plan, to).filter((one) => one !== from)
  if (!MESSAGE_ID.test(id))
    throw refused(`the id of a message is ${shown(id)}; it has 1 to 128 letters, digits, "_", "-" and "."`)
  const hops = (cause?.hops ?? 0) + 1
  // messages/R4
  if (hops > MOST_HOPS) {
    const message = `message ${id} would be number ${hops} of a chain in which each has caused the next; ${MOST_HOPS} is the most: answer the first one, or end the exchange`
    throw new OrchestratorError('ConflictError', message, { taskId, hops })
  }
  const bytes = new TextEncoder().encode(JSON.stringify(body)).length
  if (bytes > MOST_BODY_BYTES) {
    const message = `the body of message ${id} has ${bytes} bytes; ${MOST_BODY_BYTES} is the most: put large data into a file, and send its reference`
    throw new OrchestratorError('ContentTooLargeError', message, { bytes })
  }
  const message = withoutUndefined({
    ...{ type, from, taskId, hops },
    topic: to.startsWith(TOPIC_OF) ? to.slice(TOPIC_OF.length) : undefined,
    correlationId: outgoing.correlationId ?? cause?.correlationId ?? id,
    causationId: cause?.id,
    at: ports.clock.now().toISOString(),
    body: await ports.values.storeValue(taskId, body),
  })
  const sent: MessageRecord[] = []
  for (const [at, recipient] of recipients.entries()) {
    const isToStep = message.topic === undefined && recipient.startsWith('step:')
    // Who sent it before gets what was stored, also after its recipient has ended (messages/R3).
    if (isToStep && !(await ports.messages.findMessage(taskId, partOf(id, at))))
      await requireWaiting(ports, taskId, recipient)
    const { record, isNew } = await ports.messages.storeMessage({
      ...message,
      id: partOf(id, at),
      to: recipient,
    })
    await bringMessage(ports, record, !isNew)
    sent.push(
      record.to.startsWith('step:')
        ? ((await ports.messages.findMessage(taskId, record.id)) ?? record)
        : record,
    )
  }
  return sent
}

/** Gives a message to the steps that wait for it, or tells the deliverer of one to an agent. */
export async function bringMessage(
  ports: SendNeeds,
  message: MessageRecord,
  isRepeat = false,
): Promise<void> {
  if (addressOf(message.to)?.kind !== 'agent') return giveMessage(ports, message, isRepeat)
  if (message.status === 'sent') await ports.bell.ring(message)
}

const TOPIC_OF = 'topic:'

/** Each recipient of a topic gets a message of its own. */
const partOf = (id: string, at: number): string => (at === 0 ? id : `${id}.${at + 1}`)

const refused = (message: string): OrchestratorError => new OrchestratorError('InvalidInputError', message)
