import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import { callAws } from '../aws-errors.ts'

type Item = Record<string, unknown>

/**
 * All items that a query matches, or the first `Limit` of them. Reads page after page, because DynamoDB ends a page at
 * 1 MB, which it counts before the filter. Throws as `callAws` does.
 */
export async function queryAll(client: DynamoDBDocumentClient, input: QueryCommandInput): Promise<Item[]> {
  const { Limit: most = Number.POSITIVE_INFINITY } = input
  const found: Item[] = []
  let from: Item | undefined
  do {
    const rest = {
      ...(Number.isFinite(most) ? { Limit: most - found.length } : {}),
      ...(from ? { ExclusiveStartKey: from } : {}),
    }
    const page = await callAws(() => client.send(new QueryCommand({ ...input, ...rest })))
    found.push(...(page.Items ?? []))
    from = page.LastEvaluatedKey
  } while (from && found.length < most)
  return found
}
