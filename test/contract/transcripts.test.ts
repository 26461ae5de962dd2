import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Transcripts } from '../../shared/ports/transcripts.ts'
import type { Turns } from '../../shared/ports/turns.ts'
import { startStores } from '../support/stores/start-stores.ts'

let transcripts: Transcripts
let turns: Turns
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  transcripts = stores.ports.transcripts
  turns = stores.ports.turns
  stop = stores.stop
})
afterAll(() => stop())

describe('transcripts', () => {
  const entryOf = (id: string) => ({
    id,
    attempt: 1,
    agentId: 'a',
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 3,
    model: 'default',
    modelId: 'm',
    finish: 'stop' as const,
    usage: { inputTokens: 1, outputTokens: 2, estimated: true as const },
    continues: false,
    request: { inline: '{}' },
    answer: { inline: '{}' },
  })

  it('lists the calls of one step in their order, in pages', async () => {
    const of = { taskId: 't_1', path: 'each' }
    const ids = ['0001.0000.1.0001#0002', '0001.0000.1.0000#0001', '0001.0000.1.0000#0010']
    for (const id of ids) await transcripts.addEntry(of, entryOf(id))
    await transcripts.addEntry({ ...of, path: 'each[1]' }, entryOf('0001.0000.1.0000#0001'))
    const first = await transcripts.listEntries(of, { limit: 2 })
    expect(first).toEqual({ entries: [ids[1], ids[2]].map((id) => entryOf(id ?? '')), cursor: ids[2] })
    const { cursor = '' } = first
    expect(await transcripts.listEntries(of, { limit: 2, cursor })).toEqual({
      entries: [entryOf(ids[0] ?? '')],
    })
    expect(await transcripts.listEntries({ ...of, path: 'eac' }, { limit: 2 })).toEqual({ entries: [] })
  })
})

describe('turns', () => {
  const of = { taskId: 't_2', path: 's', loop: '0001.0000/a/1' }

  it('are listed up to the first that is missing; the first of two of a number stays', async () => {
    expect(await turns.listTurns(of, 10)).toEqual([])
    for (const turn of [1, 2, 4]) expect(await turns.addTurn(of, turn, { inline: String(turn) })).toBe(true)
    expect(await turns.addTurn(of, 2, { inline: 'late' })).toBe(false)
    expect(await turns.listTurns(of, 10)).toEqual([{ inline: '1' }, { inline: '2' }])
    expect(await turns.listTurns(of, 1)).toEqual([{ inline: '1' }])
    expect(await turns.listTurns({ ...of, loop: '0001.0000/b/1' }, 10)).toEqual([])
  })
})
