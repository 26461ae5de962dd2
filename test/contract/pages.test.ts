/** Invariant memory/T1: testing/memory/table.ts. */
import { DeleteCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

type Key = { pk: string; sk: string }
type Item = Key & { kind: string; at: string }

const BY_KIND = { name: 'byKind', partition: 'kind', sort: 'at' }
/** What each query asks for, and where it looks. */
const TABLE = { where: 'pk = :value', index: {}, nameOf: ({ sk }: Item) => sk }
const INDEX = {
  where: 'kind = :value',
  index: { IndexName: BY_KIND.name },
  nameOf: ({ pk, sk }: Item) => `${pk} ${sk}`,
}

let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>
beforeAll(async () => {
  dynamodb = await startDynamoDB()
  await createTable(dynamodb.client, 'pages', { BY_KIND })
})
afterAll(() => dynamodb.stop())

describe('the pages of a query', () => {
  it.each([
    { what: 'a table, forward', query: TABLE, forward: true, rest: [['3', '4'], ['5']] },
    { what: 'a table, backward', query: TABLE, forward: false, rest: [['3', '2'], ['1']] },
  ])('go on where the last item of a page was deleted: $what', async ({ what, query, forward, rest }) => {
    for (const sk of ['1', '2', '3', '4', '5']) await put({ pk: what, sk, kind: 'of the table', at: sk })
    const first = await page(query, what, { ScanIndexForward: forward })
    await remove(first.items.at(-1))
    expect(await following(query, what, first.next, { ScanIndexForward: forward })).toEqual(rest)
  })

  it.each([
    { what: 'an index, forward', forward: true },
    { what: 'an index, backward', forward: false },
  ])(
    'go on where the last item of a page was deleted, also among equal sort keys: $what',
    async ({ what, forward }) => {
      const all: Item[] = ['1', '2', '2', '2', '3'].map((at, nth) => ({
        pk: `${what} ${5 - nth}`,
        sk: `${nth}`,
        kind: what,
        at,
      }))
      for (const item of all) await put(item)
      const first = await page(INDEX, what, { ScanIndexForward: forward })
      await remove(first.items.at(-1))
      const others = (await following(INDEX, what, first.next, { ScanIndexForward: forward })).flat()
      expect([...first.items.map(INDEX.nameOf), ...others].toSorted()).toEqual(
        all.map(INDEX.nameOf).toSorted(),
      )
    },
  )

  it('end where everything after a page was deleted', async () => {
    for (const sk of ['1', '2', '3']) await put({ pk: 'short', sk, kind: 'short', at: sk })
    const { next } = await page(TABLE, 'short')
    for (const sk of ['2', '3']) await remove({ pk: 'short', sk })
    expect(await following(TABLE, 'short', next)).toEqual([[]])
  })

  it('in an index start only from a key of the index', async () => {
    const from = { ExclusiveStartKey: { pk: 'a', sk: 'b' } }
    await expect(page(INDEX, 'any', from)).rejects.toMatchObject({ name: 'ValidationException' })
  })
})

const put = (Item: Item) => dynamodb.client.send(new PutCommand({ TableName: 'pages', Item }))

async function remove(item: Key | undefined): Promise<void> {
  if (!item) throw new Error('the page was empty')
  const { pk, sk } = item
  await dynamodb.client.send(new DeleteCommand({ TableName: 'pages', Key: { pk, sk } }))
}

/** A page of two. */
async function page(
  { where, index }: Pick<typeof TABLE | typeof INDEX, 'where' | 'index'>,
  value: string,
  more: object = {},
) {
  const { Items = [], LastEvaluatedKey } = await dynamodb.client.send(
    new QueryCommand({
      TableName: 'pages',
      KeyConditionExpression: where,
      ExpressionAttributeValues: { ':value': value },
      Limit: 2,
      ...index,
      ...more,
    }),
  )
  return { items: Items as Item[], next: LastEvaluatedKey }
}

/** The names of the items on each page from a key on. */
async function following(
  query: typeof TABLE | typeof INDEX,
  value: string,
  key: Record<string, unknown> | undefined,
  more: object = {},
): Promise<string[][]> {
  const pages: string[][] = []
  for (let next = key; next; ) {
    if (pages.length > 5) throw new Error('the pages do not end')
    const got = await page(query, value, { ...more, ExclusiveStartKey: next })
    pages.push(got.items.map(query.nameOf))
    next = got.next
  }
  return pages
}
