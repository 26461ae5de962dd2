import { DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { beforeEach, describe, expect, it } from 'vitest'
import { memoryClient } from '../../../testing/memory/client.ts'
import { memoryTable } from '../../../testing/memory/table.ts'

const KIND = { name: 'byKind', partition: 'kind', sort: 'at' }
let client: ReturnType<typeof memoryClient>
beforeEach(() => {
  client = memoryClient({ t: memoryTable([KIND]) })
})
const Key = { pk: 'a', sk: '1' }
const put = (Item: Record<string, unknown>) => client.send(new PutCommand({ TableName: 't', Item }))
const get = async () => (await client.send(new GetCommand({ TableName: 't', Key }))).Item

describe('a table in memory (memory/T1: the suites of test/contract run on it as well)', () => {
  it('shares no objects with writers and readers (memory/T2)', async () => {
    const item = { ...Key, deep: { list: [1] } }
    await put(item)
    item.deep.list.push(2)
    const read = await get()
    read?.deep.list.push(3)
    expect(await get()).toEqual({ ...Key, deep: { list: [1] } })
  })

  it('returns an item as it was before an update, or as it is after it', async () => {
    await put({ ...Key, n: 1 })
    const add = (ReturnValues: 'ALL_OLD' | 'ALL_NEW') =>
      client.send(
        new UpdateCommand({
          TableName: 't',
          Key,
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': 1 },
          ReturnValues,
        }),
      )
    expect([(await add('ALL_OLD')).Attributes?.n, (await add('ALL_NEW')).Attributes?.n]).toEqual([1, 3])
  })

  it.each([
    ['another name', { TableName: 'u', Key }, 'ResourceNotFoundException'],
    [
      'a condition',
      { TableName: 't', Key, ConditionExpression: 'attribute_exists(pk)' },
      'ConditionalCheckFailedException',
    ],
    [
      'an expression that is none',
      { TableName: 't', Key, ConditionExpression: 'pk ==' },
      'ValidationException',
    ],
  ])('refuses as DynamoDB does: %s', async (_what, input, name) => {
    await expect(client.send(new DeleteCommand(input))).rejects.toMatchObject({ name })
  })

  it('answers an index page by page, in the order of its keys, without the items that lack them', async () => {
    for (const at of ['3', '1', '2']) await put({ pk: `p${at}`, sk: 's', kind: 'k', at })
    await put({ pk: 'other', sk: 's', kind: 'k' })
    const page = (more: object) =>
      client.send(
        new QueryCommand({
          TableName: 't',
          IndexName: 'byKind',
          KeyConditionExpression: 'kind = :k',
          ExpressionAttributeValues: { ':k': 'k' },
          ...more,
        }),
      )
    const first = await page({ Limit: 2, ScanIndexForward: false })
    expect(first.Items?.map(({ at }) => at)).toEqual(['3', '2'])
    const rest = await page({ Limit: 2, ScanIndexForward: false, ExclusiveStartKey: first.LastEvaluatedKey })
    expect(rest.Items?.map(({ at }) => at)).toEqual(['1'])
    expect(rest.LastEvaluatedKey).toBeUndefined()
    expect((await page({ Select: 'COUNT' })).Count).toBe(3)
  })
})
