import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { callAws } from '../../aws-errors.ts'
import type { TaskTable } from '../keys.ts'

/** The item with a key, strongly consistent. */
export async function itemAt(
  { client, table }: TaskTable,
  key: { pk: string; sk: string },
): Promise<Record<string, unknown> | undefined> {
  const get = new GetCommand({ TableName: table, Key: key, ConsistentRead: true })
  return (await callAws(() => client.send(get))).Item
}
