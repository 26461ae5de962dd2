/** The merge of JSON values, and many writers of one key that are killed anywhere and begin again. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dynamodbSharedState } from '../../functions/adapters/dynamodb/state/shared-state.ts'
import { blobValues } from '../../functions/adapters/s3/values.ts'
import { listVersions, readState } from '../../shared/app/state/read-state.ts'
import { setState, updateState, type WriteNeeds } from '../../shared/app/state/write-state.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import type { Json, JsonObject } from '../../shared/domain/json.ts'
import { type Random, seededRandom } from '../../shared/domain/random.ts'
import { isSame, type Maybe, mergeJson } from '../../shared/domain/state/merge-json.ts'
import { STATE_CONFLICTS, type StateConflict } from '../../shared/domain/state/shared-state.ts'
import { memoryClient } from '../../testing/memory/client.ts'
import { memoryTable } from '../../testing/memory/table.ts'
import { Killed } from '../support/stores/memory-stores.ts'

const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.integer({ min: 0, max: 2 }),
  fc.constantFrom('a', 'b', null, true),
  fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
)
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'constructor', 'toString'), tie('value'), { maxKeys: 4 }),
  ),
}))
const maybe: fc.Arbitrary<Maybe> = fc.option(value, { nil: undefined })

describe('mergeJson', () => {
  it('yields the other side where one has changed nothing, and a change that both have made once (merge/M1)', () => {
    fc.assert(
      fc.property(maybe, maybe, (base, ours) => {
        for (const [a, b] of [
          [ours, base],
          [base, ours],
          [ours, ours],
        ]) {
          const merged = mergeJson(base, a, b)
          expect(merged.conflicts).toEqual([])
          expect(isSame(merged.value, ours)).toBe(true)
        }
      }),
    )
  })

  it('merges in both orders to the same, and a side once more to the same (merge/M2)', () => {
    fc.assert(
      fc.property(maybe, maybe, maybe, (base, ours, theirs) => {
        const one = mergeJson(base, ours, theirs)
        const other = mergeJson(base, theirs, ours)
        const places = ({ conflicts }: typeof one) => conflicts.map(({ path }) => path.join('/')).sort()
        expect(places(other)).toEqual(places(one))
        if (one.conflicts.length > 0) return
        expect(isSame(one.value, other.value)).toBe(true)
        const again = mergeJson(ours, one.value, ours)
        expect(isSame(again.value, one.value)).toBe(true)
      }),
    )
  })

  it('has every change of either side, or names it as a conflict (merge/M3, merge/M4)', () => {
    fc.assert(
      fc.property(maybe, maybe, maybe, (base, ours, theirs) => {
        const { value: merged, conflicts } = mergeJson(base, ours, theirs)
        const isConflict = (path: string[]) =>
          conflicts.some(({ path: at }) => at.every((name, index) => path[index] === name))
        for (const side of [ours, theirs]) {
          for (const path of changedPlaces(base, side)) {
            if (isConflict(path)) continue
            expect(isSame(at(merged, path), at(side, path))).toBe(true)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('lists what both have changed, with all three values', () => {
    const base = { a: 1, b: { c: 1, d: 1 }, e: [1] }
    const ours = { a: 2, b: { c: 2 }, e: [1, 2], f: 1 }
    const theirs = { a: 3, b: { c: 1, d: 1, x: 1 }, e: [1, 3], f: 1 }
    expect(mergeJson(base, ours, theirs)).toEqual({
      value: { a: 3, b: { c: 2, x: 1 }, e: [1, 3], f: 1 },
      conflicts: [
        { path: ['a'], base: 1, ours: 2, theirs: 3 },
        { path: ['e'], base: [1], ours: [1, 2], theirs: [1, 3] },
      ],
    })
  })
})

/** The innermost places at which a side differs from the base: leaves, and what is not on both. */
function changedPlaces(base: Maybe, side: Maybe, path: string[] = []): string[][] {
  if (isSame(base, side)) return []
  // Where both have made an object, only its members are theirs alone.
  if (!isObject(side) || !(isObject(base) || base === undefined)) return [path]
  const names = [...new Set([...Object.keys(base ?? {}), ...Object.keys(side)])]
  return names.flatMap((name) => changedPlaces(member(base, name), member(side, name), [...path, name]))
}

const isObject = (one: Maybe): one is JsonObject =>
  typeof one === 'object' && one !== null && !Array.isArray(one)
const member = (one: Maybe, name: string): Maybe =>
  isObject(one) && Object.hasOwn(one, name) ? one[name] : undefined
const at = (one: Maybe, path: readonly string[]): Maybe =>
  path.reduce<Maybe>((inner, name) => member(inner, name), one)

/** A table that many processes share; each request of a process takes some turns, and may be its last one, sent or not. */
function world(seed: string) {
  const random = seededRandom(seed)
  const table = memoryTable([])
  const blobs = new Map<string, string>()
  const process = (deaths: number): WriteNeeds => {
    const client = memoryClient({ tasks: table })
    client.middlewareStack.add(
      (next) => async (args) => {
        for (let turns = Math.floor(random() * 4); turns > 0; turns--) await turn()
        const fate = random()
        if (fate < deaths / 2) throw new Killed()
        const answer = await next(args)
        if (fate < deaths) throw new Killed()
        return answer
      },
      { step: 'initialize', priority: 'high', name: 'mortal' },
    )
    return {
      sharedState: dynamodbSharedState({ client, table: 'tasks' }),
      values: blobValues({
        blobs: {
          put: async (key, text) => void blobs.set(key, text),
          get: async (key) => blobs.get(key) ?? '',
        },
        digest: (text) => String(text.length),
      }),
      clock: { now: () => new Date(Date.UTC(2026, 5, 1)) },
      timer: (_milliseconds, act) => {
        const started = setImmediate(act)
        return () => clearImmediate(started)
      },
    }
  }
  return { random, process }
}

const TASK = 't_1'
const WRITERS = 100

/** Begins again under the same name until it is done, as the attempts of a step do. */
async function untilDone<T>(process: () => WriteNeeds, write: (ports: WriteNeeds) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write(process())
    } catch (error) {
      if (!(error instanceof Killed)) throw error
    }
  }
}

const initialOf: Record<StateConflict, Json> = {
  reject: [],
  'last-write-wins': [],
  merge: {},
  union: [],
  counter: 0,
}

/** What writer `n` makes of the newest value. */
function changed(conflict: StateConflict, newest: Maybe, n: number): Json {
  if (conflict === 'counter') return Number(newest) + 1
  if (conflict === 'merge') return { ...(newest as JsonObject), [`w${n}`]: n }
  return [...(newest as Json[]), n]
}

const countIn = (value: Maybe): number =>
  typeof value === 'number' ? value : new Set(Object.values(value as object)).size

describe('writers of one key', () => {
  const table = STATE_CONFLICTS.flatMap((conflict) => [0, 0.1].map((deaths) => [conflict, deaths] as const))

  it.each(table)(
    'loses none of 100 updates side by side under %s, with kills at %d of the requests (state/U1, state/O1)',
    async (conflict, deaths) => {
      const { process } = world('7')
      const workflow = { state: { findings: { conflict, initial: initialOf[conflict] } } }
      const of = (n: number) => ({
        taskId: TASK,
        workflow,
        key: 'findings',
        by: { path: `each[${n}]`, attempt: 1 },
        once: `each[${n}]`,
      })
      await Promise.all(
        Array.from({ length: WRITERS }, (_, n) =>
          untilDone(
            () => process(deaths),
            (ports) => updateState(ports, of(n), ({ value: newest }) => changed(conflict, newest, n)),
          ),
        ),
      )
      const ports = process(0)
      const { values, versions } = await readState(ports, { taskId: TASK, workflow })
      expect(countIn(values.findings)).toBe(WRITERS)
      expect(versions.findings).toBe(WRITERS)
      const history = await listVersions(ports, TASK, 'findings', { limit: 100 })
      expect(history.map(({ version }) => version)).toEqual(
        Array.from({ length: WRITERS }, (_, n) => WRITERS - n),
      )
      expect(new Set(history.map(({ write }) => write)).size).toBe(WRITERS)
    },
    60_000,
  )

  it.each(['merge', 'union', 'counter'] as const)(
    'combines 100 values that were made from old versions under %s (state/U2)',
    async (conflict) => {
      const { random, process } = world('11')
      const workflow = { state: { findings: { conflict, initial: initialOf[conflict] } } }
      await Promise.all(
        Array.from({ length: WRITERS }, async (_, n) => {
          const ports = process(0)
          const of = { taskId: TASK, workflow, key: 'findings', by: { path: `each[${n}]`, attempt: 1 } }
          const read = await readState(ports, of, ['findings'])
          for (let turns = Math.floor(random() * 20); turns > 0; turns--) await turn()
          const value = changed(conflict, read.values.findings, n)
          await setState(ports, of, { value, from: read.versions.findings })
        }),
      )
      const { values } = await readState(process(0), { taskId: TASK, workflow })
      expect(countIn(values.findings)).toBe(WRITERS)
    },
  )

  it('refuses under reject what was made from an old version: what is told as written is there (state/U2)', async () => {
    const { process } = world('13')
    const workflow = { state: { findings: { conflict: 'reject' as const, initial: [] } } }
    const told = await Promise.all(
      Array.from({ length: WRITERS }, async (_, n) => {
        const ports = process(0)
        const of = { taskId: TASK, workflow, key: 'findings', by: { path: `each[${n}]`, attempt: 1 } }
        const read = await readState(ports, of, ['findings'])
        const value = [...(read.values.findings as Json[]), n]
        try {
          await setState(ports, of, { value, from: read.versions.findings })
          return [n]
        } catch (error) {
          expect(isOrchestratorError(error, 'StateConflictError')).toBe(true)
          return []
        }
      }),
    )
    const { values } = await readState(process(0), { taskId: TASK, workflow })
    expect([...(values.findings as number[])].sort()).toEqual(told.flat().sort())
    expect(told.flat().length).toBeGreaterThan(0)
    expect(told.flat().length).toBeLessThan(WRITERS)
  })

  it('keeps the board whole and without gaps whenever writers die (board/B1, board/B2, board/B3, board/B4)', async () => {
    const { random, process } = world('17')
    const workflow = {}
    const keys = ['a', 'b']
    const write = async (n: number): Promise<void> => {
      const of = {
        taskId: TASK,
        workflow,
        key: keys[n % 2] ?? 'a',
        by: { path: `s${n}`, attempt: 1 },
      }
      await updateState(process(0.2), of, () => n).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error
      })
    }
    const look = async (draw: Random): Promise<void> => {
      const ports = process(0)
      for (let turns = Math.floor(draw() * 30); turns > 0; turns--) await turn()
      const { heads } = await ports.sharedState.findBoard(TASK)
      for (const [key, head] of heads) {
        const found = await listVersions(ports, TASK, key, { before: head + 1 })
        expect(found.map(({ version }) => version)).toEqual(
          Array.from({ length: head }, (_, at) => head - at),
        )
      }
    }
    await Promise.all([
      ...Array.from({ length: 60 }, (_, n) => write(n)),
      ...Array.from({ length: 30 }, () => look(random)),
    ])
    await look(random)
  })
})
