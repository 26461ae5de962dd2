import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import { callAws } from '../aws-errors.ts'

type Item = Record<string, unknown>

/**
 * All items that a query finds, or the first `Limit` where it is given: a page of DynamoDB ends at 1 MB, however few items that is, and
 * what a filter leaves out counts in it. Throws as `callAws` does.
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
