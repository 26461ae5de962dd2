import { describe, expect, it } from 'vitest'
import { DynamoDBService } from '../../../local/dynamodb/service.ts'

describe('the embedded DynamoDB', () => {
  it('answers running requests before it stops', async () => {
    const service = new DynamoDBService()
    const answers = Array.from({ length: 20 }, () => service.send('DynamoDB_20120810.ListTables', '{}'))
    await service.stop()
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200)
    await expect(service.send('DynamoDB_20120810.ListTables', '{}')).rejects.toThrow('the tables are closed')
  })

  it('rejects the requests of a worker that has died, and reports the failure', async () => {
    const service = new DynamoDBService()
    // A request that crashes the implementation.
    const fatal = service.send('DynamoDB_20120810.BatchGetItem', '{"RequestItems":{"ttt":null}}')
    await expect(fatal).rejects.toThrow()
    await expect(service.send('DynamoDB_20120810.ListTables', '{}')).rejects.toThrow()
    expect(await service.failed).toBeInstanceOf(Error)
    await service.stop()
  })
})

describe('the size of an item', () => {
  const LIMIT = 400 * 1024

  async function world() {
    const service = new DynamoDBService()
    service.createTable({
      TableName: 'ttt',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    } as { TableName: string })
    await service.ready()
    const ask = (action: string, body: object) =>
      service.send(`DynamoDB_20120810.${action}`, JSON.stringify({ TableName: 'ttt', ...body }))
    return { service, ask }
  }

  // The limit minus pk and its value, and the name of the attribute.
  const left = LIMIT - 'pk'.length - 'k'.length - 'a'.length
  it.each<[string, (bytes: number) => object]>([
    ['ASCII', (bytes) => ({ S: 'x'.repeat(bytes) })],
    ['Thai', (bytes) => ({ S: 'ก'.repeat(bytes / 3) + 'x'.repeat(bytes % 3) })],
    ['pictures', (bytes) => ({ S: '\u{1F600}'.repeat(bytes / 4) + 'x'.repeat(bytes % 4) })],
    [
      'a Thai text in a list',
      (bytes) => ({ L: [{ S: 'ก'.repeat((bytes - 4) / 3) + 'x'.repeat((bytes - 4) % 3) }] }),
    ],
  ])('is counted in bytes: %s', async (_name, textOf) => {
    const { service, ask } = await world()
    const put = (bytes: number) => ask('PutItem', { Item: { pk: { S: 'k' }, a: textOf(bytes) } })
    expect((await put(left)).status).toBe(200)
    expect(JSON.parse((await put(left + 1)).body)).toMatchObject({
      message: 'Item size has exceeded the maximum allowed size',
    })
    const update = {
      Key: { pk: { S: 'k' } },
      UpdateExpression: 'SET a = :a',
      ExpressionAttributeValues: { ':a': textOf(left + 1) },
    }
    expect(JSON.parse((await ask('UpdateItem', update)).body)).toMatchObject({
      message: 'Item size to update has exceeded the maximum allowed size',
    })
    await service.stop()
  })

  it('counts the bytes of names too', async () => {
    const { service, ask } = await world()
    const name = 'ก'.repeat(LIMIT / 3)
    const { status } = await ask('PutItem', { Item: { pk: { S: 'k' }, a: { M: { [name]: { S: '' } } } } })
    expect(status).toBe(400)
    await service.stop()
  })
})
