/**
 * Writes of the shared state: one new version, made from the newest one.
 *
 * Invariants (tests cite them):
 * state/U1 an update is made from the newest value and is made again after each race, so that of concurrent updates none is lost, whatever
 *    the policy
 * state/U2 a value that was made from another version than the newest is combined with that by the policy of the key, or refused with what
 *    conflicts; a value made from the newest replaces it
 * state/U3 each version fits what the workflow says of its key; what does not is refused, and changes nothing
 * state/O1 a write with a name is made once, whoever repeats it: it is in the version that it has made, and every writer looks through the
 *    versions since it first began before it makes the next
 */
import { OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { orAborted } from '../../domain/or-aborted.ts'
import { combineRaced } from '../../domain/state/combine.ts'
import type { Maybe } from '../../domain/state/merge-json.ts'
import {
  MOST_STATE_KEYS,
  MOST_STATE_VERSIONS,
  type StateVersion,
  type StateWriter,
} from '../../domain/state/shared-state.ts'
import type { StoredValue } from '../../domain/step.ts'
import { platformTimer, type Timer } from '../../domain/timer.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { stateDefinition } from '../../workflow/state-schema.ts'
import { findVersion, initialOf, type StateOf, valueIn, versionsBetween } from './read-state.ts'
import { requireState, requireStateJson } from './state-value.ts'

export type WriteNeeds = Pick<Ports, 'sharedState' | 'values' | 'clock'> & { timer?: Timer | undefined }

export type WriteOf = StateOf & {
  key: string
  by: StateWriter
  /** The name of a write that is made once (state/O1), unique in the task. */
  once?: string | undefined
  signal?: AbortSignal | undefined
  /** Called before each version is written; throws when the writer may not write any more. */
  mayWrite?: (() => Promise<void>) | undefined
}

/** The newest version when a write is made; 0, and the initial value, when there is none. */
export type Newest = { version: number; value: Maybe }

/** `made`: false where the write was made before. */
export type Written = { version: StateVersion; made: boolean }

/** What the next version has: a value, or that of an earlier version. */
type Next = { value: Json } | { stored: StoredValue | undefined; restored: number }

/** Rounds of a write; the back-off between them reaches MOST_WAIT at the eighth. */
const MOST_ROUNDS = 1_000
const FIRST_WAIT_MILLISECONDS = 4
const MOST_WAIT_MILLISECONDS = 500

/** Writes what `change` makes of the newest value. Throws what it throws, and as `requireState` and `writeNext` do. */
export const updateState = (
  ports: WriteNeeds,
  of: WriteOf,
  change: (newest: Newest) => unknown,
): Promise<Written> => {
  const definition = stateDefinition(of.workflow, of.key)
  return writeNext(ports, of, async (newest) => ({
    value: requireState(of.key, definition, await change(newest)),
  }))
}

/**
 * Writes a value that was made from version `from` (0: there was none); undefined: the writer has not read the key. Throws
 * StateConflictError as the policy says (state/U2), and InvalidInputError for a version that is not there.
 */
export async function setState(
  ports: WriteNeeds,
  of: WriteOf,
  { value, from }: { value: unknown; from?: number | undefined },
): Promise<Written> {
  const { key } = of
  const { conflict } = stateDefinition(of.workflow, key)
  const given = requireStateJson(key, value)
  return updateState(ports, of, async (newest) => {
    if (from !== undefined && from > newest.version) throw noSuchVersion(key, from, newest.version)
    const isFirst = newest.version === 0 && newest.value === undefined
    if (from === newest.version || (from === undefined && isFirst)) return given
    return combineRaced({
      key,
      conflict,
      from,
      base: from === undefined ? undefined : await valueAt(ports, of, from),
      given,
      head: newest.version,
      newest: newest.value,
    })
  })
}

/** Makes a version with the value of an earlier one, which may be that the key was removed. */
export const restoreVersion = (ports: WriteNeeds, of: WriteOf, earlier: StateVersion): Promise<Written> =>
  writeNext(ports, of, async () => ({ stored: earlier.value, restored: earlier.version }))

/** Makes a version without a value. `restored` is the number of the version that the key had none at. */
export const removeKey = (ports: WriteNeeds, of: WriteOf): Promise<Written> =>
  writeNext(ports, of, async () => ({ stored: undefined, restored: 0 }))

/**
 * Makes the next version, after each race from the then newest one. Throws ContentTooLargeError for a key or a version too many, and
 * UnavailableError when others come first for ever.
 */
async function writeNext(
  ports: WriteNeeds,
  of: WriteOf,
  change: (newest: Newest) => Promise<Next>,
): Promise<Written> {
  const { sharedState, clock, timer = platformTimer } = ports
  const { taskId, key, by, once, signal } = of
  let seen: number | undefined
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    signal?.throwIfAborted()
    const head = (await sharedState.findBoard(taskId)).heads.get(key) ?? 0
    if (once !== undefined) {
      seen ??= await sharedState.beginWrite({ taskId, key, write: once }, head)
      const made = await versionsBetween(ports, taskId, { key, from: seen + 1, to: head })
      const own = made.find(({ write }) => write === once)
      if (own) return { version: own, made: false }
      seen = head
    }
    if (head >= MOST_STATE_VERSIONS)
      throw tooMany(`version ${head + 1} of state "${key}"`, MOST_STATE_VERSIONS)
    const before = head === 0 ? undefined : await findVersion(ports, taskId, { key, version: head })
    const value = before ? await valueIn(ports, before) : initialOf(of, key)
    const next = await change({ version: head, value })
    await of.mayWrite?.()
    const now = clock.now().toISOString()
    const version: StateVersion = withoutUndefined({
      key,
      version: head + 1,
      // Clocks of writers differ; the times of versions grow with their numbers.
      at: before && before.at > now ? before.at : now,
      by,
      value: 'value' in next ? await ports.values.storeValue(taskId, next.value) : next.stored,
      restored: 'restored' in next && next.restored > 0 ? next.restored : undefined,
      write: once,
    })
    const kind = await sharedState.commitVersion(taskId, version)
    if (kind === 'committed') return { version, made: true }
    if (kind === 'full') throw tooMany(`state "${key}"`, MOST_STATE_KEYS)
    await pause(timer, round, signal)
  }
  const message = `state "${key}" was written by others ${MOST_ROUNDS} times while this write was made: try it again`
  throw new OrchestratorError('UnavailableError', message)
}

/** With full jitter: writers that have met once should not meet again. */
async function pause(timer: Timer, round: number, signal: AbortSignal | undefined): Promise<void> {
  const most = Math.min(MOST_WAIT_MILLISECONDS, FIRST_WAIT_MILLISECONDS * 2 ** round)
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = timer(Math.ceil(Math.random() * most), resolve)
  await (signal ? orAborted(signal, () => promise) : promise).finally(cancel)
}

async function valueAt(ports: WriteNeeds, of: WriteOf, version: number): Promise<Maybe> {
  if (version === 0) return initialOf(of, of.key)
  const found = await findVersion(ports, of.taskId, { key: of.key, version })
  return found && valueIn(ports, found)
}

function noSuchVersion(key: string, from: number, newest: number): OrchestratorError {
  const message = `state "${key}" has no version ${from}; the newest is ${newest}`
  return new OrchestratorError('InvalidInputError', message)
}

function tooMany(what: string, most: number): OrchestratorError {
  const message = `${what} is one too many: a task has at most ${MOST_STATE_KEYS} keys, and a key ${MOST_STATE_VERSIONS} versions`
  return new OrchestratorError('ContentTooLargeError', message, { most })
}
