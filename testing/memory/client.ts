import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { marshall, type marshallOptions, unmarshall, type unmarshallOptions } from '@aws-sdk/util-dynamodb'
import type { MemoryTable, WireItem } from './table.ts'

type Tables = Readonly<Record<string, MemoryTable>>
type Input = { TableName?: string; Key?: WireItem; RequestItems?: Record<string, { Keys?: WireItem[] }> }

/** The implementation of each DynamoDB command that the adapters use. */
const COMMANDS: Record<string, (table: MemoryTable, input: Input) => Record<string, unknown>> = {
  GetItemCommand: (table, { Key = {} }) => ({ Item: table.get(Key) }),
  PutItemCommand: (table, input) => attributes(table.put(input)),
  UpdateItemCommand: (table, input) => attributes(table.update(input)),
  DeleteItemCommand: (table, input) => {
    table.delete(input)
    return {}
  },
  QueryCommand: (table, input) => table.query(input),
  ScanCommand: (table, input) => table.scan(input),
}

/** A DynamoDB document client over in-memory tables, with the values and errors of the real one. */
export function memoryClient(
  tables: Tables,
  { unmarshallOptions: reading = {} }: { unmarshallOptions?: unmarshallOptions } = {},
): DynamoDBDocumentClient {
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      region: 'us-east-1',
      credentials: { accessKeyId: 'memory', secretAccessKey: 'memory' },
    }),
  )
  const tableOf = (name = ''): MemoryTable => {
    const table = tables[name]
    if (table) return table
    throw Object.assign(new Error(`there is no table ${name}`), { name: 'ResourceNotFoundException' })
  }
  const answer = (command: string, input: Input): object => {
    if (command === 'BatchGetItemCommand') return { Responses: batchOf(input) }
    const run = COMMANDS[command]
    if (!run) throw new Error(`the client in memory does not know ${command}`)
    return read(run(tableOf(input.TableName), onWire(input)), reading)
  }
  const batchOf = ({ RequestItems = {} }: Input): object =>
    Object.fromEntries(
      Object.entries(RequestItems).map(([name, { Keys = [] }]) => {
        const found = Keys.map((key) => tableOf(name).get(marshall(key)))
        return [name, found.flatMap((item) => (item ? [unmarshall(item as never, reading)] : []))]
      }),
    )
  client.middlewareStack.add(
    (_next, { commandName = '' }) =>
      async ({ input }) => ({
        output: { $metadata: {}, ...answer(commandName, input as Input) },
        response: {},
      }),
    { step: 'initialize', priority: 'high', name: 'inMemory' },
  )
  return client
}

const attributes = (item: WireItem): Record<string, unknown> =>
  Object.keys(item).length > 0 ? { Attributes: item } : {}

const WRITING: marshallOptions = { removeUndefinedValues: true }
const MARSHALLED = ['Key', 'Item', 'ExpressionAttributeValues', 'ExclusiveStartKey']

const onWire = (input: object): object =>
  Object.fromEntries(
    Object.entries(input)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, MARSHALLED.includes(name) ? marshall(value, WRITING) : value]),
  )

function read(answer: Record<string, unknown>, options: unmarshallOptions): object {
  const plain = (item: unknown): unknown =>
    item === undefined ? undefined : unmarshall(item as never, options)
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => {
      if (name === 'Items') return [name, (value as unknown[]).map(plain)]
      return [name, ['Item', 'Attributes', 'LastEvaluatedKey'].includes(name) ? plain(value) : value]
    }),
  )
}
