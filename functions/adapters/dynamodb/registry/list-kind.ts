import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { REGISTRY_INDEXES } from '../../../../shared/contracts/table-layout.ts'
import { AFTER_NAMES, namesOf } from '../keys.ts'
import { queryAll } from '../query-all.ts'

export type RegistryTable = { client: DynamoDBDocumentClient; table: string }

/**
 * All items of a kind, by name; `of` a tenant only what it has named, of `default` also what deployments have brought. Eventually consistent:
 * the index may lag by up to a second.
 */
export const listKind = (
  { client, table }: RegistryTable,
  kind: string,
  { of }: { of?: string } = {},
): Promise<Record<string, unknown>[]> => {
  const { condition, values } = of === undefined ? ALL : conditionOf(of)
  return queryAll(client, {
    TableName: table,
    IndexName: REGISTRY_INDEXES.byKind.name,
    KeyConditionExpression: `kindKey = :kind${condition}`,
    ExpressionAttributeValues: { ':kind': kind, ...values },
  })
}

const ALL = { condition: '', values: {} }

function conditionOf(tenant: string) {
  const beginning = namesOf(tenant)
  return beginning === undefined
    ? { condition: ' AND nameKey < :after', values: { ':after': AFTER_NAMES } }
    : { condition: ' AND begins_with(nameKey, :beginning)', values: { ':beginning': beginning } }
}
