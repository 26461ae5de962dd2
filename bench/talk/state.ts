/**
 * What a hundred writers of one key come to, under each policy, on the embedded DynamoDB: updates side by side, a tenth of whose requests
 * kills its writer, which begins again; and values that were all made from one old version.
 */
import { writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { readState } from '../../shared/app/state/read-state.ts'
import { setState, updateState, type WriteNeeds } from '../../shared/app/state/write-state.ts'
import { isOrchestratorError } from '../../shared/domain/errors.ts'
import type { Json } from '../../shared/domain/json.ts'
import { type Random, seededRandom } from '../../shared/domain/random.ts'
import { STATE_CONFLICTS, type StateConflict } from '../../shared/domain/state/shared-state.ts'
import { startStores } from '../../test/support/stores/start-stores.ts'

const HELP = `Usage: node bench/talk/state.ts [--writers 100] [--json OUT]

Takes about half a minute.`

export type StateFigure = {
  conflict: StateConflict
  /** Updates that were made, and those of them that are not in the state, or twice. */
  updates: number
  lost: number
  twice: number
  /** Writers that were killed, each after a request or before it. */
  kills: number
  /** Values made from one old version: how many are in the state, and how many were refused. */
  combined: number
  conflicts: number
  /** Milliseconds for all updates. */
  milliseconds: number
}

class Killed extends Error {}

/** The calls of a writer, one in ten of which kills it: half of them before they are done. */
function mortal(ports: WriteNeeds, random: Random, onKill: () => void): WriteNeeds {
  const die = (): never => {
    onKill()
    throw new Killed()
  }
  const sharedState = Object.fromEntries(
    Object.entries(ports.sharedState).map(([name, method]) => [
      name,
      async (...args: unknown[]) => {
        const fate = random()
        if (fate < 0.05) die()
        const answer = await (method as (...args: unknown[]) => Promise<unknown>)(...args)
        if (fate < 0.1) die()
        return answer
      },
    ]),
  ) as WriteNeeds['sharedState']
  return { ...ports, sharedState }
}

const EMPTY: Record<StateConflict, Json> = {
  reject: {},
  'last-write-wins': {},
  merge: {},
  union: [],
  counter: 0,
}

/** The newest value with what writer `n` adds. */
function added(conflict: StateConflict, newest: Json | undefined, n: number): Json {
  if (conflict === 'counter') return Number(newest) + 1
  if (conflict === 'union') return [...(newest as Json[]), n]
  return { ...(newest as object), [`w${n}`]: n }
}

const countIn = (value: Json | undefined): number =>
  typeof value === 'number' ? value : Object.keys(value ?? {}).length

/** The figures of each policy. */
export async function benchState(writers = 100): Promise<StateFigure[]> {
  const stores = await startStores()
  const random = seededRandom('state')
  const figures: StateFigure[] = []
  try {
    for (const conflict of STATE_CONFLICTS)
      figures.push(await figureOf(stores.ports, random, { conflict, writers }))
  } finally {
    await stores.stop()
  }
  return figures
}

async function figureOf(
  ports: WriteNeeds,
  random: Random,
  { conflict, writers }: { conflict: StateConflict; writers: number },
): Promise<StateFigure> {
  const workflow = { state: { key: { conflict, initial: EMPTY[conflict] } } }
  const all = Array.from({ length: writers }, (_, n) => n)
  const of = (taskId: string, n: number) => ({
    taskId,
    workflow,
    key: 'key',
    by: { path: `each[${n}]`, attempt: 1 },
  })
  let kills = 0
  const update = async (n: number): Promise<void> => {
    const target = { ...of(`t_updates_${conflict}`, n), once: `each[${n}]` }
    for (;;) {
      try {
        const writer = mortal(ports, random, () => {
          kills += 1
        })
        await updateState(writer, target, ({ value }) => added(conflict, value, n))
        return
      } catch (error) {
        if (!(error instanceof Killed)) throw error
      }
    }
  }
  const began = performance.now()
  await Promise.all(all.map(update))
  const milliseconds = Math.round(performance.now() - began)
  const updated = await readState(ports, of(`t_updates_${conflict}`, 0))

  let conflicts = 0
  const set = async (n: number): Promise<void> => {
    try {
      const value = added(conflict, EMPTY[conflict], n)
      await setState(ports, of(`t_values_${conflict}`, n), { value, from: 0 })
    } catch (error) {
      if (!isOrchestratorError(error, 'StateConflictError')) throw error
      conflicts += 1
    }
  }
  await Promise.all(all.map(set))
  const combined = await readState(ports, of(`t_values_${conflict}`, 0))
  const found = countIn(updated.values.key)
  return {
    conflict,
    updates: writers,
    lost: Math.max(0, writers - found),
    twice: Math.max(0, (updated.versions.key ?? 0) - writers),
    kills,
    combined: countIn(combined.values.key),
    conflicts,
    milliseconds,
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { writers: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) console.log(HELP)
  else {
    const figures = await benchState(Number(values.writers ?? 100))
    console.table(figures)
    if (values.json) await writeFile(values.json, `${JSON.stringify({ figures }, null, 2)}\n`)
    if (figures.some(({ lost, twice }) => lost + twice > 0)) process.exitCode = 1
  }
}
