type Item = Record<string, Record<string, string>>
type Send = (action: string, body: object) => Promise<{ status: number; body: string }>
type Expiring = { table: string; attribute: string; now: number }

const PAGE = 500

/**
 * Removes the items of a table whose attribute, in seconds since 1970, says a time that has passed: as DynamoDB's TTL does, but for an item that
 * was kept on meanwhile. Throws where the table cannot be read.
 */
export async function expireItems(send: Send, { table, attribute, now }: Expiring): Promise<void> {
  const before = {
    ExpressionAttributeNames: { '#expiry': attribute },
    ExpressionAttributeValues: { ':now': { N: String(Math.floor(now / 1_000)) } },
  }
  let from: Item | undefined
  do {
    const scanned = await send('Scan', {
      TableName: table,
      Limit: PAGE,
      ProjectionExpression: 'pk, sk',
      FilterExpression: '#expiry < :now',
      ...before,
      ...(from ? { ExclusiveStartKey: from } : {}),
    })
    if (scanned.status !== 200) throw new Error(`table ${table} cannot be scanned: ${scanned.body}`)
    const page = JSON.parse(scanned.body) as { Items?: Item[]; LastEvaluatedKey?: Item }
    for (const { pk, sk } of page.Items ?? [])
      await send('DeleteItem', {
        TableName: table,
        Key: { pk, sk },
        ConditionExpression: '#expiry < :now',
        ...before,
      })
    from = page.LastEvaluatedKey
  } while (from)
}
