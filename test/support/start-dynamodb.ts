import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { DynamoDBService } from '../../local/dynamodb/dynamodb-service.ts'

/** The embedded DynamoDB in memory, over HTTP, with a client for items and one that reads numbers as text. */
export async function startDynamoDB() {
  const service = new DynamoDBService()
  const door = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const answer = await service.send(String(request.headers['x-amz-target']), Buffer.concat(chunks))
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const { port } = door.address() as AddressInfo
  // A document client changes the one below it: each has its own.
  const raw = [1, 2].map(
    () =>
      new DynamoDBClient({
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      }),
  ) as [DynamoDBClient, DynamoDBClient]
  const client = DynamoDBDocumentClient.from(raw[0], { marshallOptions: { removeUndefinedValues: true } })
  const readingText = DynamoDBDocumentClient.from(raw[1], {
    unmarshallOptions: { wrapNumbers: (value) => value },
  })
  const stop = async (): Promise<void> => {
    client.destroy()
    for (const one of raw) one.destroy()
    door.closeAllConnections()
    door.close()
    await service.stop()
  }
  return { client, readingText, stop }
}

type Index = { name: string; partition: string; sort: string }

/** A table with the keys of ours. */
export async function createTable(
  client: DynamoDBDocumentClient,
  TableName: string,
  indexes: Record<string, Index> = {},
): Promise<void> {
  const all = Object.values(indexes)
  const names = [...new Set(['pk', 'sk', ...all.flatMap(({ partition, sort }) => [partition, sort])])]
  const keys = (partition: string, sort: string) => [
    { AttributeName: partition, KeyType: 'HASH' as const },
    { AttributeName: sort, KeyType: 'RANGE' as const },
  ]
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
      KeySchema: keys('pk', 'sk'),
      ...(all.length > 0
        ? {
            GlobalSecondaryIndexes: all.map(({ name, partition, sort }) => ({
              IndexName: name,
              KeySchema: keys(partition, sort),
              Projection: { ProjectionType: 'ALL' as const },
            })),
          }
        : {}),
    }),
  )
  const describe = new DescribeTableCommand({ TableName })
  while ((await client.send(describe)).Table?.TableStatus !== 'ACTIVE')
    await new Promise((resolve) => setTimeout(resolve, 1))
}
