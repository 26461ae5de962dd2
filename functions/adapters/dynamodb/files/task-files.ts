import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { TASK_ITEMS } from '../../../../shared/contracts/table-layout.ts'
import { TaskFileSchema } from '../../../../shared/domain/task-file.ts'
import type { TaskFiles } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { fileCountKey, fileKey, type TaskTable, taskKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'

const REFUSED = ['ConditionalCheckFailedException']

/** An item for each file, by its id, which sorts by time; and one that counts them. */
export function dynamodbTaskFiles({ client, table }: TaskTable): TaskFiles {
  return {
    async countFile(taskId, most) {
      const update = new UpdateCommand({
        TableName: table,
        Key: fileCountKey(taskId),
        UpdateExpression: 'ADD files :one',
        ConditionExpression: 'attribute_not_exists(files) OR files < :most',
        ExpressionAttributeValues: { ':one': 1, ':most': most },
      })
      return (await unlessAws(REFUSED, () => client.send(update))) !== undefined
    },

    // An update, which agents may send anyway: a put would be one right more.
    async addFile(file) {
      const members = Object.entries(file)
      const update = new UpdateCommand({
        TableName: table,
        Key: { pk: taskKey(file.taskId), sk: fileKey(file.id) },
        UpdateExpression: `SET ${members.map((_one, at) => `#m${at} = :m${at}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(members.map(([name], at) => [`#m${at}`, name])),
        ExpressionAttributeValues: Object.fromEntries(members.map(([, value], at) => [`:m${at}`, value])),
      })
      await callAws(() => client.send(update))
    },

    async takeFile({ taskId, id }, { fence, owner }) {
      const update = new UpdateCommand({
        TableName: table,
        Key: { pk: taskKey(taskId), sk: fileKey(id) },
        UpdateExpression: 'SET fence = :fence, #owner = :owner',
        // A late invocation takes nothing from the one that has followed it.
        ConditionExpression: 'attribute_exists(pk) AND fence <= :fence',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: { ':fence': fence, ':owner': owner },
      })
      await unlessAws(REFUSED, () => client.send(update))
    },

    async findFile(taskId, id) {
      const Key = { pk: taskKey(taskId), sk: fileKey(id) }
      const get = new GetCommand({ TableName: table, Key, ConsistentRead: true })
      const { Item } = await callAws(() => client.send(get))
      return Item && TaskFileSchema.parse(Item)
    },

    async listFiles(taskId, { limit, cursor = '' }) {
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :after AND :end',
        ExpressionAttributeValues: {
          ':pk': taskKey(taskId),
          ':after': `${fileKey(cursor)}${cursor === '' ? '' : ' '}`,
          ':end': `${TASK_ITEMS.file}~`,
        },
        ConsistentRead: true,
        Limit: limit + 1,
      })
      const files = items.slice(0, limit).map((item) => TaskFileSchema.parse(item))
      const last = files.at(-1)
      return { files, ...(items.length > limit && last ? { cursor: last.id } : {}) }
    },
  }
}
