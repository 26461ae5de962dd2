import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dynamodbLoads } from '../../functions/adapters/dynamodb/registry/loads.ts'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import type { Loads } from '../../shared/ports/index.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

const MINUTE = 60_000
let now = Date.UTC(2026, 0, 1)
let loads: Loads
let stop: () => Promise<void>

beforeAll(async () => {
  const dynamodb = await startDynamoDB()
  await createTable(dynamodb.client, 'registry', REGISTRY_INDEXES)
  loads = dynamodbLoads({
    client: dynamodb.client,
    table: 'registry',
    clock: { now: () => new Date(now) },
  })
  stop = dynamodb.stop
})
afterAll(() => stop())

describe('loads', () => {
  it('count the steps of the last five minutes by agent', async () => {
    await loads.addLoad(new Map([['a', 2]]))
    now += 3 * MINUTE
    await Promise.all([loads.addLoad(new Map([['a', 1]])), loads.addLoad(new Map([['b', 4]]))])
    const of = async () => Object.fromEntries(await loads.loadsOf(['a', 'b', 'c']))
    expect(await of()).toEqual({ a: 3, b: 4, c: 0 })
    now += 2 * MINUTE
    expect(await of()).toEqual({ a: 1, b: 4, c: 0 })
    now += 3 * MINUTE
    expect(await of()).toEqual({ a: 0, b: 0, c: 0 })
  })
})
