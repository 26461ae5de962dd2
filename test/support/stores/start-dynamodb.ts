import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { DynamoDBService } from '../../../local/dynamodb/service.ts'
import { memoryClient } from '../../../testing/memory/client.ts'
import { type MemoryTable, memoryTable } from '../../../testing/memory/table.ts'

type Tables = Record<string, MemoryTable>

/** The existing tables of each client of the test kit, which creates none. */
const tablesOf = new WeakMap<DynamoDBDocumentClient, Tables>()

/**
 * The embedded DynamoDB in memory, with a client for items and one that reads numbers as text. When the suites run for the test kit
 * (vitest.config.ts) these are the kit's clients, over its tables.
 */
export async function startDynamoDB() {
  if (process.env.ORCHESTRATOR_TABLES === 'memory') return startKit()
  const service = new DynamoDBService()
  // A document client modifies the client below it, so each has its own.
  const raw = [clientOf(service), clientOf(service)] as const
  const client = DynamoDBDocumentClient.from(raw[0], { marshallOptions: { removeUndefinedValues: true } })
  const readingText = DynamoDBDocumentClient.from(raw[1], {
    unmarshallOptions: { wrapNumbers: (value) => value },
  })
  const stop = async (): Promise<void> => {
    client.destroy()
    for (const one of raw) one.destroy()
    await service.stop()
  }
  return { client, readingText, stop }
}

function startKit() {
  const tables: Tables = {}
  const client = memoryClient(tables)
  tablesOf.set(client, tables)
  const readingText = memoryClient(tables, { unmarshallOptions: { wrapNumbers: (value) => value } })
  return { client, readingText, stop: async () => {} }
}

type Request = { headers: Record<string, string>; body: Uint8Array }

/** AWS's own client with real requests and answers; only sockets and signatures, half of the work, are left out. */
export function clientOf(service: DynamoDBService): DynamoDBClient {
  const handle = async ({ headers, body }: Request) => {
    const asked = new TextDecoder().decode(body)
    const { status, headers: told, body: text } = await service.send(String(headers['x-amz-target']), asked)
    return { response: { statusCode: status, headers: told, body: Buffer.from(text) } }
  }
  return new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    signer: { sign: async (request) => request },
    requestHandler: { handle } as never,
  })
}

type Index = { name: string; partition: string; sort: string }

/** A table with our keys. */
export async function createTable(
  client: DynamoDBDocumentClient,
  TableName: string,
  indexes: Record<string, Index> = {},
): Promise<void> {
  const all = Object.values(indexes)
  const tables = tablesOf.get(client)
  if (tables) {
    tables[TableName] = memoryTable(all)
    return
  }
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
