import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { EXPIRY_ATTRIBUTE } from '../../../../shared/contracts/table-layout.ts'
import { KeptOutputSchema } from '../../../../shared/domain/step.ts'
import type { Outputs } from '../../../../shared/ports/index.ts'
import { callAws } from '../../aws-errors.ts'
import { outputKey, type TaskTable } from '../keys.ts'

const SECOND = 1_000

/** Cached outputs, by a digest of the inputs that they were computed from; the table expires them. */
export function dynamodbOutputs({ client, table }: TaskTable): Outputs {
  return {
    async findOutput(key) {
      const get = new GetCommand({ TableName: table, Key: outputKey(key) })
      const { Item } = await callAws(() => client.send(get))
      return Item && KeptOutputSchema.parse(Item.kept)
    },

    async keepOutput(key, kept) {
      const update = new UpdateCommand({
        TableName: table,
        Key: outputKey(key),
        UpdateExpression: 'SET kept = :kept, #expiry = :expiry',
        ExpressionAttributeNames: { '#expiry': EXPIRY_ATTRIBUTE },
        ExpressionAttributeValues: {
          ':kept': kept,
          ':expiry': Math.ceil(Date.parse(kept.until) / SECOND),
        },
      })
      await callAws(() => client.send(update))
    },
  }
}
