import { describe, expect, it } from 'vitest'
import { DynamoDBService } from '../../local/dynamodb/dynamodb-service.ts'

describe('the embedded DynamoDB', () => {
  it('answers what is under way before it stops', async () => {
    const service = new DynamoDBService()
    const answers = Array.from({ length: 20 }, () => service.send('DynamoDB_20120810.ListTables', '{}'))
    await service.stop()
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200)
    await expect(service.send('DynamoDB_20120810.ListTables', '{}')).rejects.toThrow('the tables are closed')
  })

  it('lets nobody wait for a worker that has died, and says that it failed', async () => {
    const service = new DynamoDBService()
    // A request that its implementation does not survive.
    const fatal = service.send('DynamoDB_20120810.BatchGetItem', '{"RequestItems":{"ttt":null}}')
    await expect(fatal).rejects.toThrow()
    await expect(service.send('DynamoDB_20120810.ListTables', '{}')).rejects.toThrow()
    expect(await service.failed).toBeInstanceOf(Error)
    await service.stop()
  })
})
