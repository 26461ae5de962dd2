import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dynamodbModelUsage } from '../../functions/adapters/dynamodb/registry/model-usage.ts'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import { type ModelUse, NO_USE, USE_DAYS } from '../../shared/domain/model-use.ts'
import type { ModelUsage } from '../../shared/ports/model-usage.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

const DAY = 86_400_000
let now = Date.UTC(2026, 0, 1, 12)
let usage: ModelUsage
let stop: () => Promise<void>

beforeAll(async () => {
  const dynamodb = await startDynamoDB()
  await createTable(dynamodb.client, 'registry', REGISTRY_INDEXES)
  usage = dynamodbModelUsage({
    client: dynamodb.client,
    table: 'registry',
    clock: { now: () => new Date(now) },
  })
  stop = dynamodb.stop
})
afterAll(() => stop())

const use = (more: Partial<ModelUse> = {}): ModelUse => ({ ...NO_USE, calls: 1, ...more })
const of = async (...models: string[]) => Object.fromEntries(await usage.usesOf(models, 'default'))

describe('the use of models', () => {
  it('is summed by name over days, and over calls at the same time', async () => {
    const one = use({
      inputTokens: 10,
      outputTokens: 2,
      cacheReadTokens: 3,
      cacheWriteTokens: 4,
      costUsd: 0.1,
    })
    await Promise.all(Array.from({ length: 10 }, () => usage.addUse('fast', 'default', one)))
    now += 2 * DAY
    await usage.addUse('fast', 'default', use({ costUsd: 0.2 }))
    await usage.addUse('slow', 'default', use())
    expect(await of('fast', 'slow', 'none')).toEqual({
      fast: {
        calls: 11,
        inputTokens: 100,
        outputTokens: 20,
        cacheReadTokens: 30,
        cacheWriteTokens: 40,
        costUsd: 1.2,
      },
      slow: use(),
      none: NO_USE,
    })
  })

  it("is each tenant's own", async () => {
    await usage.addUse('shared', 'acme', use({ costUsd: 0.3 }))
    await usage.addUse('shared', 'default', use())
    expect(Object.fromEntries(await usage.usesOf(['shared'], 'acme'))).toEqual({
      shared: use({ costUsd: 0.3 }),
    })
    expect(await of('shared')).toEqual({ shared: use() })
    expect(Object.fromEntries(await usage.usesOf(['shared'], 'other'))).toEqual({ shared: NO_USE })
  })

  it('is told for thirty days, today included', async () => {
    await usage.addUse('old', 'default', use())
    now += (USE_DAYS - 1) * DAY
    expect(await of('old')).toEqual({ old: use() })
    now += DAY
    expect(await of('old')).toEqual({ old: NO_USE })
  })
})
