import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { REGISTRY_INDEXES } from '../../../../shared/contracts/table-layout.ts'
import { queryAll } from '../query-all.ts'

export type RegistryTable = { client: DynamoDBDocumentClient; table: string }

/** All items of a kind, by name. Eventually consistent: the index may lag by up to a second. */
export const listKind = (
  { client, table }: RegistryTable,
  kind: string,
): Promise<Record<string, unknown>[]> =>
  queryAll(client, {
    TableName: table,
    IndexName: REGISTRY_INDEXES.byKind.name,
    KeyConditionExpression: 'kindKey = :kind',
    ExpressionAttributeValues: { ':kind': kind },
  })
