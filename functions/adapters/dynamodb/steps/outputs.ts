import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { EXPIRY_ATTRIBUTE } from '../../../../shared/contracts/table-layout.ts'
import { KeptOutputSchema } from '../../../../shared/domain/step.ts'
import type { Outputs } from '../../../../shared/ports/index.ts'
import { callAws } from '../../aws-errors.ts'
import { keptKey, outputKey, type TaskTable, taskKey } from '../keys.ts'

const SECOND = 1_000

/**
 * Cached outputs, by a digest of the inputs that they were computed from; the table expires them. An item with the task names each of its own, and is
 * written first: where the task is deleted, no output of it stays in the cache (deletion/D4).
 */
export function dynamodbOutputs({ client, table }: TaskTable): Outputs {
  return {
    async findOutput(key) {
      const get = new GetCommand({ TableName: table, Key: outputKey(key) })
      const { Item } = await callAws(() => client.send(get))
      return Item && KeptOutputSchema.parse(Item.kept)
    },

    async keepOutput(key, kept) {
      const expiry = Math.ceil(Date.parse(kept.until) / SECOND)
      const naming = new UpdateCommand({
        TableName: table,
        Key: { pk: taskKey(kept.from.taskId), sk: keptKey(key) },
        UpdateExpression: 'SET #expiry = :expiry',
        ExpressionAttributeNames: { '#expiry': EXPIRY_ATTRIBUTE },
        ExpressionAttributeValues: { ':expiry': expiry },
      })
      await callAws(() => client.send(naming))
      const update = new UpdateCommand({
        TableName: table,
        Key: outputKey(key),
        UpdateExpression: 'SET kept = :kept, #expiry = :expiry',
        ExpressionAttributeNames: { '#expiry': EXPIRY_ATTRIBUTE },
        ExpressionAttributeValues: { ':kept': kept, ':expiry': expiry },
      })
      await callAws(() => client.send(update))
    },
  }
}
