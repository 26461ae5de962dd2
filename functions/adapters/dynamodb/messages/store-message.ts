/**
 * Stores a message once, at the end of those from its sender to its recipient.
 *
 * An item under the message's id claims a number first; then the message is put at that number, if nothing is there. Where another message is,
 * the claim moves on, to the number behind the last one, and only then. A number that is in use stays so, therefore a sender that knows an old
 * claim finds its number in use, and the message stands at one number alone (message-store/S1). Numbers are claimed behind the last message that
 * is stored, therefore without a gap (message-store/S2).
 */
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { OrchestratorError } from '../../../../shared/domain/errors.ts'
import { type Message, type MessageRecord, MOST_MESSAGES } from '../../../../shared/domain/message.ts'
import type { Messages } from '../../../../shared/ports/index.ts'
import { unlessAws } from '../../aws-errors.ts'
import { laneKey, messageKey, sentKey, type TaskTable, taskKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'
import { itemAt } from './item-at.ts'
import { messageIn, messageItem } from './message-items.ts'

const REFUSED = ['ConditionalCheckFailedException']
/** Each try that fails is another message that was stored: so many senders may be at it at once. */
const MOST_TRIES = 200

/** A message, and the number that is claimed for it. */
type Claim = { message: Message; sequence: number }

export const storeMessage =
  (table: TaskTable): Messages['storeMessage'] =>
  async (message) => {
    let claim = await claimFor(table, message)
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const stored = await putAt(table, claim)
      if (stored !== undefined) return stored
      claim = await moveOn(table, claim)
    }
    const text = `more than ${MOST_TRIES} messages at once go from ${message.from} to ${message.to}: send this one again`
    throw new OrchestratorError('UnavailableError', text)
  }

/** The message's claim, made now or before. */
async function claimFor({ client, table }: TaskTable, message: Message): Promise<Claim> {
  const sequence = await numberAfterLast({ client, table }, message)
  const { to, from } = message
  const Item = { ...sentKeyOf(message), to, from, sequence, at: messageKey(to, from, sequence) }
  const put = new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' })
  if (await unlessAws(REFUSED, () => client.send(put))) return { message, sequence }
  const known = await itemAt({ client, table }, sentKeyOf(message))
  // A repeat may name another recipient; the recipient of the first counts.
  const first = { ...message, to: String(known?.to), from: String(known?.from) }
  return { message: first, sequence: Number(known?.sequence) }
}

/** What is stored now at the number; undefined where that is another message. */
async function putAt(
  { client, table }: TaskTable,
  { message, sequence }: Claim,
): Promise<{ record: MessageRecord; isNew: boolean } | undefined> {
  const record: MessageRecord = { ...message, sequence, status: 'sent', tries: 0 }
  const Item = messageItem(record)
  const put = new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' })
  if (await unlessAws(REFUSED, () => client.send(put))) return { record, isNew: true }
  const there = await itemAt({ client, table }, { pk: Item.pk, sk: Item.sk })
  const known = there && messageIn(there)
  return known?.id === message.id ? { record: known, isNew: false } : undefined
}

/** The claim on the number behind the last one, or on that to which another sender of the same message has moved it. */
async function moveOn({ client, table }: TaskTable, { message, sequence }: Claim): Promise<Claim> {
  const next = await numberAfterLast({ client, table }, message)
  const update = new UpdateCommand({
    TableName: table,
    Key: sentKeyOf(message),
    UpdateExpression: 'SET #sequence = :next, #at = :at',
    ConditionExpression: '#sequence = :sequence',
    ExpressionAttributeNames: { '#sequence': 'sequence', '#at': 'at' },
    ExpressionAttributeValues: {
      ':next': next,
      ':at': messageKey(message.to, message.from, next),
      ':sequence': sequence,
    },
  })
  if (await unlessAws(REFUSED, () => client.send(update))) return { message, sequence: next }
  const known = await itemAt({ client, table }, sentKeyOf(message))
  return { message, sequence: Number(known?.sequence) }
}

/** Throws TooManyRequestsError behind the last one that may be. */
async function numberAfterLast({ client, table }: TaskTable, { taskId, to, from }: Message): Promise<number> {
  const [last] = await queryAll(client, {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :lane)',
    ExpressionAttributeValues: { ':pk': taskKey(taskId), ':lane': laneKey(to, from) },
    ConsistentRead: true,
    ScanIndexForward: false,
    Limit: 1,
  })
  const next = Number(last?.sequence ?? 0) + 1
  if (next <= MOST_MESSAGES) return next
  const text = `${from} has sent ${MOST_MESSAGES} messages to ${to} in task ${taskId}, which is the most`
  throw new OrchestratorError('TooManyRequestsError', text)
}

const sentKeyOf = ({ taskId, id }: Pick<Message, 'taskId' | 'id'>) => ({
  pk: taskKey(taskId),
  sk: sentKey(id),
})
