import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listVersions, readState } from '../../shared/app/state/read-state.ts'
import { restoreVersion, setState, updateState } from '../../shared/app/state/write-state.ts'
import type { Json } from '../../shared/domain/json.ts'
import {
  MOST_STATE_BYTES,
  MOST_STATE_KEYS,
  STATE_CONFLICTS,
  type StateVersion,
} from '../../shared/domain/state/shared-state.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { WorkflowState } from '../../shared/workflow/state-schema.ts'
import { startStores } from '../support/stores/start-stores.ts'

let ports: Pick<Ports, 'sharedState' | 'values' | 'clock'>
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  ports = stores.ports
  stop = stores.stop
})
afterAll(() => stop())

let tasks = 0
/** A task of its own for each test. */
const taskOf = (state?: WorkflowState) => {
  tasks += 1
  return { taskId: `t_${tasks}`, workflow: { state } }
}
const by = { path: 'a', attempt: 1 }

/** 100 in CI, where they take some 12 s. */
const UPDATES = Number(process.env.ORCHESTRATOR_UPDATES ?? 30)

describe('shared state', () => {
  it('is empty before it is written', async () => {
    const of = taskOf({ notes: { conflict: 'union', initial: ['first'] } })
    expect(await ports.sharedState.findBoard(of.taskId)).toEqual({ revision: 0, heads: new Map() })
    expect(await readState(ports, of)).toEqual({
      revision: 0,
      values: { notes: ['first'] },
      versions: { notes: 0 },
    })
    expect(await listVersions(ports, of.taskId, 'notes')).toEqual([])
  })

  it('keeps each version as it was written, small or large, with keys named as anything', async () => {
    const of = taskOf()
    const large = { text: 'x'.repeat(100_000), constructor: 1 }
    const keys: Record<string, Json> = { constructor: 1, toString: large, hasOwnProperty: [null] }
    for (const [key, value] of Object.entries(keys)) {
      await setState(ports, { ...of, key, by }, { value })
      await setState(ports, { ...of, key, by }, { value: 2, from: 1 })
    }
    const { values, versions, revision } = await readState(ports, of)
    expect({ values, versions, revision }).toEqual({
      values: { constructor: 2, toString: 2, hasOwnProperty: 2 },
      versions: { constructor: 2, toString: 2, hasOwnProperty: 2 },
      revision: 6,
    })
    const [, first] = await listVersions(ports, of.taskId, 'toString')
    expect(first).toMatchObject({ version: 1, by, value: { bytes: JSON.stringify(large).length } })
    expect(await ports.values.loadValue(first?.value ?? { inline: '0' })).toEqual(large)
    // A restored version points at the same object.
    const made = await restoreVersion(ports, { ...of, key: 'toString', by }, first as StateVersion)
    expect(made.version).toMatchObject({ version: 3, restored: 1, value: first?.value })
  })

  it('reads a history in pages, the newest first', async () => {
    const of = taskOf({ n: { conflict: 'counter' } })
    for (let n = 0; n < 7; n++)
      await updateState(ports, { ...of, key: 'n', by }, ({ value }) => Number(value ?? 0) + 1)
    const page = async (before?: number) =>
      (await listVersions(ports, of.taskId, 'n', { before, limit: 3 })).map(({ version }) => version)
    expect([await page(), await page(5), await page(2), await page(1)]).toEqual([
      [7, 6, 5],
      [4, 3, 2],
      [1],
      [],
    ])
  })

  it('refuses a value that does not fit, and changes nothing (state/U3)', async () => {
    const of = taskOf({
      rows: { conflict: 'union', schema: { type: 'array', items: { type: 'integer' }, maxItems: 2 } },
      sum: { conflict: 'counter' },
    })
    const set = (key: string, value: unknown, from?: number) =>
      setState(ports, { ...of, key, by }, { value, from })
    await set('rows', [1])
    await expect(set('rows', ['x'])).rejects.toThrow(
      /state "rows" does not fit its schema: .*rows\[1\] is "x"; it must be a whole number/,
    )
    await expect(set('rows', [2, 3])).rejects.toThrow(/state "rows" does not fit its schema/)
    await expect(set('rows', { a: 1 })).rejects.toThrow(
      '`conflict: union`, so its value is a list; this is a value of type object',
    )
    await expect(set('rows', () => 1)).rejects.toThrow(
      'state "rows" is what is no JSON: the value is a function',
    )
    await expect(set('sum', '5')).rejects.toThrow('its value is a number; this is a value of type string')
    await set('sum', 5)
    await expect(set('sum', 6)).rejects.toThrow('use update, or read it before you set it')
    await expect(set('rows', [1], 9)).rejects.toThrow('state "rows" has no version 9; the newest is 1')
    await expect(set('free', 'x'.repeat(MOST_STATE_BYTES))).rejects.toThrow(
      `a value has at most ${MOST_STATE_BYTES}`,
    )
    expect((await readState(ports, of)).values).toEqual({ rows: [1], sum: 5 })
  })

  it('names what both sides have changed (state/U2)', async () => {
    const of = taskOf({ doc: { conflict: 'merge' } })
    const set = (value: Json, from: number) => setState(ports, { ...of, key: 'doc', by }, { value, from })
    await set({ a: 1, b: { c: 1 } }, 0)
    await set({ a: 2, b: { c: 2 } }, 1)
    await set({ a: 1, b: { c: 1 }, d: 1 }, 1)
    expect((await readState(ports, of)).values.doc).toEqual({ a: 2, b: { c: 2 }, d: 1 })
    await expect(set({ a: 3, b: { c: 4 } }, 1)).rejects.toMatchObject({
      name: 'StateConflictError',
      message:
        'state "doc" is at version 3, and this write is based on version 1; both sides have changed a, b.c: read it again, or use update',
      details: { key: 'doc', version: 3, conflicts: ['a', 'b.c'] },
    })
  })

  it('has no more keys than a task may have, however many are added at once (board/B5)', async () => {
    const of = taskOf()
    const told = await Promise.allSettled(
      Array.from({ length: MOST_STATE_KEYS + 20 }, (_, n) =>
        setState(ports, { ...of, key: `k${n}`, by }, { value: n }),
      ),
    )
    const refused = told.filter((one) => one.status === 'rejected')
    expect(refused).toHaveLength(20)
    expect(String(refused[0]?.reason)).toContain(`a task has at most ${MOST_STATE_KEYS} keys`)
    expect(Object.keys((await readState(ports, of)).values)).toHaveLength(MOST_STATE_KEYS)
  })

  it.each(STATE_CONFLICTS)(
    `loses none of ${UPDATES} parallel updates under %s (state/U1, board/B1)`,
    async (conflict) => {
      const isCounter = conflict === 'counter'
      const of = taskOf({ findings: { conflict, initial: isCounter ? 0 : [] } })
      await Promise.all(
        Array.from({ length: UPDATES }, (_, n) =>
          updateState(
            ports,
            { ...of, key: 'findings', by: { path: `each[${n}]`, attempt: 1 }, once: `each[${n}]` },
            ({ value }) => (isCounter ? Number(value) + 1 : [...(value as Json[]), n]),
          ),
        ),
      )
      const { values, versions } = await readState(ports, of)
      expect(versions.findings).toBe(UPDATES)
      expect(isCounter ? values.findings : new Set(values.findings as number[]).size).toBe(UPDATES)
    },
    60_000,
  )

  it('makes a named write once (state/O1)', async () => {
    const of = { ...taskOf(), key: 'n', by }
    const add = (once?: string) => updateState(ports, { ...of, once }, ({ value }) => Number(value ?? 0) + 1)
    await add('a/first')
    await add()
    await add('a/second')
    expect((await add('a/first')).made).toBe(false)
    expect((await add('b/first')).made).toBe(true)
    expect((await readState(ports, of)).values.n).toBe(4)
  })

  it('keeps a snapshot under its id', async () => {
    const of = taskOf()
    const snapshot = {
      id: 's1',
      at: '2026-01-01T00:00:00.000Z',
      by: { subject: 'key/1' },
      revision: 2,
      versions: { constructor: 1 },
    }
    expect(await ports.sharedState.findSnapshot(of.taskId, 's1')).toBeUndefined()
    expect(await ports.sharedState.addSnapshot(of.taskId, snapshot)).toBe(true)
    expect(await ports.sharedState.addSnapshot(of.taskId, { ...snapshot, revision: 3 })).toBe(false)
    expect(await ports.sharedState.findSnapshot(of.taskId, 's1')).toEqual(snapshot)
  })
})
