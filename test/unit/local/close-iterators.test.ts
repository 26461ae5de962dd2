import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import dynalite from 'dynalite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { closeIterators, iterators } from '../../../local/dynamodb/close-iterators.ts'
import { createTable } from '../../support/stores/start-dynamodb.ts'

const opened = new Set<object>()
const closed = new Set<object>()
const server = dynalite({ createTableMs: 0 })
let client: DynamoDBDocumentClient

beforeAll(async () => {
  closeIterators()
  for (const { prototype } of Object.values(iterators())) {
    const { next, close } = prototype
    prototype.next = function () {
      opened.add(this)
      return next.call(this)
    }
    prototype.close = function () {
      closed.add(this)
      return close.call(this)
    }
  }
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region: 'us-east-1', credentials }))
  await createTable(client, 'items')
})
afterAll(() => {
  client.destroy()
  server.close()
})

it.each([
  ['that is read to its end', {}, 5],
  ['of which a page is read', { Limit: 2 }, 2],
  ['that finds nothing', { ExpressionAttributeValues: { ':pk': 'none' } }, 0],
])('a query %s leaves no iterator open (iterators/C1)', async (_what, more, count) => {
  for (let at = 0; at < 5; at += 1)
    await client.send(new PutCommand({ TableName: 'items', Item: { pk: 'one', sk: `s${at}` } }))
  const query = new QueryCommand({
    ...{
      TableName: 'items',
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': 'one' },
    },
    ...more,
  })
  opened.clear()
  for (let run = 0; run < 3; run += 1) expect((await client.send(query)).Count).toBe(count)
  expect(opened.size).toBeGreaterThanOrEqual(3)
  await expect.poll(() => [...opened].filter((one) => !closed.has(one))).toEqual([])
})
