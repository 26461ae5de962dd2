import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import { callAws } from '../aws-errors.ts'

type Item = Record<string, unknown>

/**
 * One read of a query: at most `Limit` items and 1 MB before its filter. `from` is where to go on, undefined at the end; `scanned` counts
 * what was read. Throws as `callAws` does.
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
