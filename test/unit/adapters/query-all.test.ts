import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, it } from 'vitest'
import { queryAll } from '../../../functions/adapters/dynamodb/query-all.ts'
import { documentClientWith } from '../../support/cloud/replaced-send.ts'

/** Items 0 to 9, at most three a page; the second page is empty, as after a filter. */
function pagedClient() {
  const asked: object[] = []
  const client = documentClientWith(async (command) => {
    if (!(command instanceof QueryCommand)) throw new Error(`not expected: ${command.constructor.name}`)
    const { input } = command
    asked.push(input)
    const from = Number(input.ExclusiveStartKey?.n ?? 0)
    const to = Math.min(from + 3, from + (input.Limit ?? 3), 10)
    const Items = from === 3 ? [] : Array.from({ length: to - from }, (_, at) => ({ n: from + at }))
    return { Items, ...(to < 10 ? { LastEvaluatedKey: { n: to } } : {}) }
  })
  return { asked, client }
}
const numbers = (items: Record<string, unknown>[]) => items.map(({ n }) => n)

describe('queryAll', () => {
  it('reads all pages, also past an empty one', async () => {
    const { client } = pagedClient()
    expect(numbers(await queryAll(client, { TableName: 't' }))).toEqual([0, 1, 2, 6, 7, 8, 9])
  })

  it('stops at the limit, without reading another page', async () => {
    const { client, asked } = pagedClient()
    expect(numbers(await queryAll(client, { TableName: 't', Limit: 5 }))).toEqual([0, 1, 2, 5, 6])
    expect(asked).toEqual([
      { TableName: 't', Limit: 5 },
      { TableName: 't', Limit: 2, ExclusiveStartKey: { n: 3 } },
      { TableName: 't', Limit: 2, ExclusiveStartKey: { n: 5 } },
    ])
  })
})
