import { setTimeout as sleep } from 'node:timers/promises'
import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { callAws } from '../aws-errors.ts'

type Item = Record<string, unknown>

export type ItemKey = { pk: string; sk: string }

/** BatchGetItem's limit of keys. */
const MOST_KEYS = 100
/**
 * Gives up after so many rounds in a row without any item: the back-off between them is 50 ms to 1.6 s, about 3 s in
 * all.
 */
const MOST_EMPTY_ROUNDS = 6
const FIRST_WAIT_MILLISECONDS = 50

/**
 * The items of these keys, in no order; a key without an item is left out, and one that is given twice counts once, for DynamoDB
 * refuses such a batch. With `attributes` only these of each item. What a throttled table leaves out is asked again, with exponential backoff and full jitter. Throws as
 * `callAws` does, and UnavailableError when the table goes on leaving out.
 */
export async function getAll(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly ItemKey[],
  { consistent = false, attributes = [] }: { consistent?: boolean; attributes?: readonly string[] } = {},
): Promise<Item[]> {
  const found: Item[] = []
  let pending = [...new Map(keys.map((key) => [JSON.stringify([key.pk, key.sk]), key])).values()]
  for (let empty = 0; pending.length > 0; ) {
    const asked = {
      Keys: pending.slice(0, MOST_KEYS),
      ...(consistent ? { ConsistentRead: true } : {}),
      ...projectionOf(attributes),
    }
    const get = new BatchGetCommand({ RequestItems: { [table]: asked } })
    const { Responses = {}, UnprocessedKeys = {} } = await callAws(() => client.send(get))
    found.push(...(Responses[table] ?? []))
    const left = (UnprocessedKeys[table]?.Keys ?? []) as ItemKey[]
    pending = [...left, ...pending.slice(MOST_KEYS)]
    if (left.length === 0) continue
    empty = left.length < asked.Keys.length ? 0 : empty + 1
    if (empty === MOST_EMPTY_ROUNDS)
      throw new OrchestratorError('UnavailableError', `table ${table} is throttled: it returns no items`)
    await sleep(Math.random() * FIRST_WAIT_MILLISECONDS * 2 ** empty)
  }
  return found
}

/** Names are substituted: DynamoDB reserves hundreds of words. */
function projectionOf(attributes: readonly string[]) {
  if (attributes.length === 0) return {}
  return {
    ProjectionExpression: attributes.map((_name, at) => `#a${at}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(attributes.map((name, at) => [`#a${at}`, name])),
  }
}
