import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dynamodbCollectables } from '../../functions/adapters/dynamodb/registry/collectables.ts'
import { REGISTRY_INDEXES } from '../../shared/contracts/table-layout.ts'
import type { Collectables } from '../../shared/ports/index.ts'
import { createTable, startDynamoDB } from '../support/stores/start-dynamodb.ts'

const machine = { name: 'm', parts: 2, usedOn: '2026-01-02' }
/** A new adapter for each test, because a worker caches its own marks. */
let worker: () => Collectables
let stop: () => Promise<void>

beforeAll(async () => {
  const dynamodb = await startDynamoDB()
  await createTable(dynamodb.client, 'registry', REGISTRY_INDEXES)
  worker = () => dynamodbCollectables({ client: dynamodb.client, table: 'registry' })
  stop = dynamodb.stop
})
afterAll(() => stop())

describe('machines to collect', () => {
  it('are claimed only if unchanged since they were read, unusable while claimed, and deleted when forgotten', async () => {
    const machines = worker()
    expect(await machines.useMachine({ ...machine, usedOn: '2026-01-01' })).toBe(true)
    expect(await machines.useMachine(machine)).toBe(true)
    expect(await machines.listMachines()).toMatchObject([machine])
    expect(await machines.claimMachine({ ...machine, usedOn: '2026-01-01' })).toBe(false)
    expect(await machines.claimMachine(machine)).toBe(true)
    expect(await worker().useMachine(machine)).toBe(false)
    await machines.releaseMachine(machine)
    expect(await worker().useMachine(machine)).toBe(true)
    await machines.forgetMachine('m')
    expect(await machines.listMachines()).toEqual([])
  })
})
