import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { type StoredCallback, StoredCallbackSchema } from '../../../../shared/domain/callback.ts'
import { runKey } from '../../../../shared/domain/task.ts'
import type { Callbacks } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { callbackKey, type TaskTable, taskKey } from '../keys.ts'

/** One item for each callback, in the partition of its execution: it expires with the task, and is deleted with it. */
export function dynamodbCallbacks({ client, table }: TaskTable): Callbacks {
  const keyOf = ({ id, ...run }: Pick<StoredCallback, 'taskId' | 'execution' | 'id'>) => ({
    pk: taskKey(runKey(run)),
    sk: callbackKey(id),
  })
  return {
    async putCallback(callback, fence) {
      const put = new PutCommand({
        TableName: table,
        Item: { ...keyOf(callback), ...callback, fence },
        ConditionExpression: 'attribute_not_exists(fence) OR fence <= :fence',
        ExpressionAttributeValues: { ':fence': fence },
      })
      return (await unlessAws(['ConditionalCheckFailedException'], () => client.send(put))) !== undefined
    },

    async findCallback(callback) {
      const get = new GetCommand({ TableName: table, Key: keyOf(callback), ConsistentRead: true })
      const { Item } = await callAws(() => client.send(get))
      return Item && StoredCallbackSchema.parse(Item)
    },
  }
}
