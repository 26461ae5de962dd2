import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { withoutUndefined } from '../../../../shared/domain/without-undefined.ts'
import type { Messages } from '../../../../shared/ports/index.ts'
import { unlessAws } from '../../aws-errors.ts'
import { messageKey, type TaskTable, taskKey } from '../keys.ts'
import { itemAt } from './item-at.ts'
import { messageIn, messageKeyOf } from './message-items.ts'

const REFUSED = ['ConditionalCheckFailedException']

/** Messages to agents: which call is the latest, and how they have ended; and with which a suspended agent was called again. */
export function dynamodbHandling({
  client,
  table,
}: TaskTable): Pick<Messages, 'findBefore' | 'beginTry' | 'settleMessage' | 'noteHeard'> {
  return {
    async findBefore({ taskId, to, from, sequence }) {
      if (sequence <= 1) return undefined
      const item = await itemAt(
        { client, table },
        { pk: taskKey(taskId), sk: messageKey(to, from, sequence - 1) },
      )
      return item && messageIn(item)
    },

    async beginTry(message) {
      const update = new UpdateCommand({
        TableName: table,
        Key: messageKeyOf(message),
        UpdateExpression: 'ADD tries :one',
        ConditionExpression: '#status = :sent',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':one': 1, ':sent': 'sent' },
        ReturnValues: 'ALL_NEW',
      })
      const begun = await unlessAws(REFUSED, () => client.send(update))
      return begun?.Attributes && messageIn(begun.Attributes)
    },

    async noteHeard(message, execution) {
      const update = new UpdateCommand({
        TableName: table,
        Key: messageKeyOf(message),
        UpdateExpression: 'SET heardIn = :execution',
        ConditionExpression: '#status = :taken AND (attribute_not_exists(heardIn) OR heardIn < :execution)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':execution': execution, ':taken': 'taken' },
      })
      await unlessAws(REFUSED, () => client.send(update))
    },

    async settleMessage(message, end) {
      const set = withoutUndefined({ ...end })
      const names = Object.keys(set)
      const update = new UpdateCommand({
        TableName: table,
        Key: messageKeyOf(message),
        UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')} REMOVE openKey, createdKey`,
        ConditionExpression: '#status = :sent AND tries = :tries',
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value])),
          ':sent': 'sent',
          ':tries': message.tries,
        },
      })
      return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
    },
  }
}
