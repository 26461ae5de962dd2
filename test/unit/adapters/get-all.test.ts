import { BatchGetCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { getAll } from '../../../functions/adapters/dynamodb/get-all.ts'
import { documentClientWith } from '../../support/cloud/replaced-send.ts'

type Key = { pk: string; sk: string }
const key = (at: number): Key => ({ pk: `item ${at}`, sk: 'META' })

/** Has an item for every key; a round leaves the keys of `leavesOut` unprocessed, as a throttled table does. */
function throttledClient(leavesOut: (round: number, keys: Key[]) => Key[] = () => []) {
  const rounds: Key[][] = []
  const client = documentClientWith(async (command) => {
    if (!(command instanceof BatchGetCommand)) throw new Error(`not expected: ${command.constructor.name}`)
    const keys = (command.input.RequestItems?.table?.Keys ?? []) as Key[]
    const left = leavesOut(rounds.length, keys)
    rounds.push(keys)
    return {
      Responses: { table: keys.filter((one) => !left.includes(one)) },
      ...(left.length > 0 ? { UnprocessedKeys: { table: { Keys: left } } } : {}),
    }
  })
  return { rounds, client }
}

describe('getAll', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const keys = Array.from({ length: 230 }, (_, at) => key(at))

  it('requests each key once, at most a hundred in a batch', async () => {
    const { client, rounds } = throttledClient()
    expect(await getAll(client, 'table', [...keys, ...keys.map(({ pk, sk }) => ({ sk, pk }))])).toEqual(keys)
    expect(rounds.map((asked) => asked.length)).toEqual([100, 100, 30])
  })

  it('sends no request for no keys', async () => {
    const { client, rounds } = throttledClient()
    expect(await getAll(client, 'table', [])).toEqual([])
    expect(rounds).toEqual([])
  })

  it('retries keys that a throttled table leaves unprocessed, after a back-off', async () => {
    const { client, rounds } = throttledClient((round, asked) => (round < 9 ? asked.slice(1) : []))
    const found = getAll(client, 'table', keys.slice(0, 5))
    await vi.advanceTimersByTimeAsync(0)
    expect(rounds).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(new Set(await found)).toEqual(new Set(keys.slice(0, 5)))
  })

  it('gives up after some seconds without any item', async () => {
    const { client, rounds } = throttledClient((_, asked) => asked)
    const refused = expect(getAll(client, 'table', keys)).rejects.toMatchObject({ name: 'UnavailableError' })
    await vi.advanceTimersByTimeAsync(10_000)
    await refused
    expect(rounds).toHaveLength(6)
  })
})
