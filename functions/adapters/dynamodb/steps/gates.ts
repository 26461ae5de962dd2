import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Gates } from '../../../../shared/ports/index.ts'
import { callAws } from '../../aws-errors.ts'
import { gateKey, type TaskTable, taskKey } from '../keys.ts'

/**
 * One item for each gate: the steps that have passed it, and the task token of the waiting state, which writes it
 * itself.
 */
export function dynamodbGates({ client, table }: TaskTable): Gates {
  return {
    async passGate(runKey, before, stepId) {
      const add = new UpdateCommand({
        TableName: table,
        Key: { pk: taskKey(runKey), sk: gateKey(before) },
        UpdateExpression: 'ADD done :step',
        ExpressionAttributeValues: { ':step': new Set([stepId]) },
        ReturnValues: 'ALL_NEW',
      })
      const { Attributes } = await callAws(() => client.send(add))
      const { done, tok } = Attributes as { done: Set<string>; tok?: string }
      return { done: done.size, token: tok }
    },
  }
}
