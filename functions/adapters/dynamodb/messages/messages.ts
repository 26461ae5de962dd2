/** Invariants message-store/S1 to message-store/S4: shared/ports/messages.ts. */
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { MessageRecord } from '../../../../shared/domain/message.ts'
import type { Messages } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { messageKey, sentKey, type TaskTable, taskKey } from '../keys.ts'
import { dynamodbListeners } from './listeners.ts'
import { inIndexOf, messageIn } from './message-items.ts'
import { messageQueries } from './message-queries.ts'
import { storeMessage } from './store-message.ts'

const REFUSED = ['ConditionalCheckFailedException']

/**
 * A message is an item behind its recipient, its sender and its number; another item says under its id where it is. A step that waits is an item of
 * its own.
 */
export function dynamodbMessages({ client, table }: TaskTable): Messages {
  const keyOf = ({
    taskId,
    to,
    from,
    sequence,
  }: Pick<MessageRecord, 'taskId' | 'to' | 'from' | 'sequence'>) => ({
    pk: taskKey(taskId),
    sk: messageKey(to, from, sequence),
  })

  async function find(key: { pk: string; sk: string }): Promise<Record<string, unknown> | undefined> {
    const get = new GetCommand({ TableName: table, Key: key, ConsistentRead: true })
    return (await callAws(() => client.send(get))).Item
  }

  /** Changes the status of a message where it has one of these; false where it has not. */
  async function move(
    message: MessageRecord,
    { to, where, more = {} }: { to: string; where: string; more?: Record<string, string> },
    clause = 'SET #status = :to REMOVE openKey, createdKey',
  ): Promise<boolean> {
    const update = new UpdateCommand({
      TableName: table,
      Key: keyOf(message),
      UpdateExpression: clause,
      ConditionExpression: where,
      ExpressionAttributeNames: {
        '#status': 'status',
        ...(where.includes('#by') || clause.includes('#by') ? { '#by': 'by' } : {}),
      },
      ExpressionAttributeValues: { ':to': to, ...more },
    })
    return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
  }

  const inIndex = (message: MessageRecord) => {
    const { openKey, createdKey } = inIndexOf(message)
    return { ':openKey': openKey, ':createdKey': createdKey }
  }

  return {
    ...dynamodbListeners({ client, table }),
    ...messageQueries({ client, table }),

    storeMessage: storeMessage({ client, table }),

    async findMessage(taskId, id) {
      const sent = await find({ pk: taskKey(taskId), sk: sentKey(id) })
      if (!sent) return undefined
      const item = await find({ pk: taskKey(taskId), sk: String(sent.at) })
      const found = item && messageIn(item)
      // Its number was taken by another, and it was not stored yet.
      return found?.id === id ? found : undefined
    },

    // message-store/S4
    takeMessage: (message, path, at) =>
      move(
        message,
        {
          to: 'taken',
          where: '#status IN (:sent, :kept) OR #status = :to AND #by = :path',
          more: { ':sent': 'sent', ':kept': 'kept', ':path': path, ':at': at, ...inIndex(message) },
        },
        // In the index again, until the step is woken.
        'SET #status = :to, #by = :path, settledAt = :at, openKey = :openKey, createdKey = :createdKey',
      ),

    async releaseMessage(message, path) {
      const where = '#status = :taken AND #by = :path'
      const change = { to: 'kept', where, more: { ':taken': 'taken', ':path': path } }
      await move(message, change, 'SET #status = :to REMOVE #by, settledAt')
    },

    async parkMessage(message) {
      if (await move(message, { to: 'kept', where: '#status = :sent', more: { ':sent': 'sent' } })) return
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(message),
        UpdateExpression: 'REMOVE openKey, createdKey',
        ConditionExpression: 'attribute_exists(pk)',
      })
      await unlessAws(REFUSED, () => client.send(update))
    },
  }
}
