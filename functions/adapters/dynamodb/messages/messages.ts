/** Invariants message-store/S1 to message-store/S4: shared/ports/messages.ts. */
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type MessageRecord, waitNumber } from '../../../../shared/domain/message.ts'
import type { Messages } from '../../../../shared/ports/index.ts'
import { unlessAws } from '../../aws-errors.ts'
import { sentKey, type TaskTable, taskKey } from '../keys.ts'
import { dynamodbHandling } from './handling.ts'
import { itemAt } from './item-at.ts'
import { dynamodbListeners } from './listeners.ts'
import { inIndexOf, messageIn, messageKeyOf } from './message-items.ts'
import { messageQueries } from './message-queries.ts'
import { storeMessage } from './store-message.ts'

const REFUSED = ['ConditionalCheckFailedException']
const STATUS = { '#status': 'status' }
const WITH_HOLDER = { ...STATUS, '#by': 'by' }

type Change = {
  expression: string
  condition: string
  names?: Record<string, string>
  values?: Record<string, string | number>
}

/**
 * A message is an item behind its recipient, its sender and its number; another item says under its id where it is. A step that waits is an item of
 * its own.
 */
export function dynamodbMessages({ client, table }: TaskTable): Messages {
  const change = changing({ client, table })

  return {
    ...dynamodbListeners({ client, table }),
    ...dynamodbHandling({ client, table }),
    ...messageQueries({ client, table }),

    storeMessage: storeMessage({ client, table }),

    async findMessage(taskId, id) {
      const sent = await itemAt({ client, table }, { pk: taskKey(taskId), sk: sentKey(id) })
      if (!sent) return undefined
      const item = await itemAt({ client, table }, { pk: taskKey(taskId), sk: String(sent.at) })
      const found = item && messageIn(item)
      // Its number was taken by another, and it was not stored yet.
      return found?.id === id ? found : undefined
    },

    async readMessage(at) {
      const item = await itemAt({ client, table }, messageKeyOf(at))
      const found = item && messageIn(item)
      return found?.id === at.id ? found : undefined
    },

    // message-store/S4
    takeMessage(message, taker, at) {
      const { openKey, createdKey } = inIndexOf(message)
      return change(message, {
        // In the index again, until the step is woken.
        expression:
          'SET #status = :taken, #by = :path, takenFor = :wait, settledAt = :at, openKey = :openKey, createdKey = :createdKey REMOVE heardIn',
        condition:
          '#status IN (:sent, :kept) OR #status = :taken AND #by = :path AND takenFor <= :wait AND (attribute_not_exists(heardIn) OR heardIn < :execution)',
        names: WITH_HOLDER,
        values: {
          ...{ ':taken': 'taken', ':sent': 'sent', ':kept': 'kept' },
          ...{ ':path': taker.path, ':wait': waitNumber(taker), ':execution': taker.execution, ':at': at },
          ...{ ':openKey': openKey, ':createdKey': createdKey },
        },
      })
    },

    async releaseMessage(message, taker) {
      await change(message, {
        expression: 'SET #status = :kept REMOVE #by, settledAt, takenFor',
        condition: '#status = :taken AND #by = :path AND takenFor = :wait AND attribute_not_exists(heardIn)',
        names: WITH_HOLDER,
        values: { ':kept': 'kept', ':taken': 'taken', ':path': taker.path, ':wait': waitNumber(taker) },
      })
    },

    async parkMessage(message) {
      const isKept = await change(message, {
        expression: 'SET #status = :kept REMOVE openKey, createdKey',
        condition: '#status = :sent',
        names: STATUS,
        values: { ':kept': 'kept', ':sent': 'sent' },
      })
      if (!isKept)
        await change(message, {
          expression: 'REMOVE openKey, createdKey',
          condition: 'attribute_exists(pk)',
        })
    },
  }
}

/** A change of a message: false where the condition does not hold. */
const changing =
  ({ client, table }: TaskTable) =>
  async (message: MessageRecord, { expression, condition, names, values }: Change): Promise<boolean> => {
    const update = new UpdateCommand({
      TableName: table,
      Key: messageKeyOf(message),
      UpdateExpression: expression,
      ConditionExpression: condition,
      ...(names ? { ExpressionAttributeNames: names } : {}),
      ...(values ? { ExpressionAttributeValues: values } : {}),
    })
    return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
  }
