import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import { callAws } from '../aws-errors.ts'

type Item = Record<string, unknown>

/**
 * One page of a query: at most `Limit` items or 1 MB, counted before its filter. `from` is the key to continue from,
 * undefined on the last page; `scanned` counts the items before the filter. Throws as `callAws` does.
 */
export async function queryPage(
  client: DynamoDBDocumentClient,
  input: QueryCommandInput,
): Promise<{ items: Item[]; from: Item | undefined; scanned: number }> {
  const {
    Items = [],
    LastEvaluatedKey,
    ScannedCount,
  } = await callAws(() => client.send(new QueryCommand(input)))
  return { items: Items, from: LastEvaluatedKey, scanned: ScannedCount ?? Items.length }
}
