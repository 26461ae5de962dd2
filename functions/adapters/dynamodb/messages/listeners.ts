import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { executionOfFence, redriveOf } from '../../../../shared/contracts/step-payload.ts'
import { MessageFilterSchema } from '../../../../shared/domain/message.ts'
import type { Heard, Listener, Messages } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { listenerKey, type TaskTable, taskKey } from '../keys.ts'
import { queryAll } from '../query-all.ts'

const REFUSED = ['ConditionalCheckFailedException']

/** One item for each step that waits, or has waited, for a message. */
export function dynamodbListeners({
  client,
  table,
}: TaskTable): Pick<Messages, 'listen' | 'hear' | 'findListeners'> {
  const keyOf = (taskId: string, path: string) => ({ pk: taskKey(taskId), sk: listenerKey(path) })

  async function find(taskId: string, path: string): Promise<Listener | undefined> {
    const get = new GetCommand({ TableName: table, Key: keyOf(taskId, path), ConsistentRead: true })
    const { Item } = await callAws(() => client.send(get))
    return Item && listenerIn(Item)
  }

  return {
    async listen({ taskId, path, fence }, { token, suspension = 0, filter, until }) {
      const known = await find(taskId, path)
      const isOfThisRun = known !== undefined && redriveOf(known.fence) === redriveOf(fence)
      const isAnother =
        known !== undefined &&
        ((known.suspension ?? 0) !== suspension ||
          (suspension > 0 && executionOfFence(known.fence) !== executionOfFence(fence)))
      const forgets = (known?.heard?.kind === 'timeout' && !isOfThisRun) || isAnother
      const set = { taskId, path, fence, token, suspension, until, filter: JSON.stringify(filter) }
      const names = Object.keys(set)
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(taskId, path),
        UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}${forgets ? ' REMOVE heard' : ''}`,
        ConditionExpression: 'attribute_not_exists(pk) OR #fence <= :fence',
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(
          Object.entries(set).map(([name, value]) => [`:${name}`, value]),
        ),
        ReturnValues: 'ALL_NEW',
      })
      const listening = await unlessAws(REFUSED, () => client.send(update))
      return listening?.Attributes && listenerIn(listening.Attributes)
    },

    // message-store/S3
    async hear(taskId, path, heard, of) {
      const isSameWait = of === undefined ? '' : ' AND suspension = :suspension AND begins_with(fence, :run)'
      const wait = of && { ':suspension': of.suspension ?? 0, ':run': `${of.fence.split('.', 1)[0]}.` }
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(taskId, path),
        UpdateExpression: 'SET heard = :heard',
        ConditionExpression: `attribute_exists(pk) AND attribute_not_exists(heard)${isSameWait}`,
        ExpressionAttributeValues: { ':heard': heard, ...wait },
        ReturnValues: 'ALL_NEW',
      })
      const now = await unlessAws(REFUSED, () => client.send(update))
      return now?.Attributes ? listenerIn(now.Attributes) : find(taskId, path)
    },

    async findListeners(taskId, beginning) {
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :listeners)',
        ExpressionAttributeValues: { ':pk': taskKey(taskId), ':listeners': listenerKey(beginning) },
        ConsistentRead: true,
      })
      return items.map(listenerIn)
    },
  }
}

function listenerIn(item: Record<string, unknown>): Listener {
  const text = (name: string): string => String(item[name])
  return {
    taskId: text('taskId'),
    path: text('path'),
    fence: text('fence'),
    token: text('token'),
    until: text('until'),
    ...(item.suspension ? { suspension: Number(item.suspension) } : {}),
    filter: MessageFilterSchema.parse(JSON.parse(text('filter'))),
    ...(item.heard === undefined ? {} : { heard: item.heard as Heard }),
  }
}
