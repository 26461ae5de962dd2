/**
 * Changes of the shared state by a person, and copies of it.
 *
 * Invariants (tests cite them):
 * change/P1 a restored state is made of new versions: nothing of the history is lost, and a second restore may take it back
 * change/P2 the state of a task that has ended does not change: what it came to stays true. A fork begins with a copy
 * change/P3 a value that was made from another version than the newest is refused, and changes nothing
 */
import type * as z from 'zod'
import type {
  MakeSnapshotSchema,
  PutStateSchema,
  Restored,
  RestoreStateSchema,
  SnapshotView,
  StateVersionView,
} from '../../contracts/state-views.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { stateChangedEvent } from '../../domain/events-of-state.ts'
import type { StateVersion, StateWriter } from '../../domain/state/shared-state.ts'
import type { StoredValue } from '../../domain/step.ts'
import { isOpenTask } from '../../domain/task.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { findVersion } from '../state/read-state.ts'
import { versionsAt } from '../state/state-at.ts'
import { removeKey, restoreVersion, updateState } from '../state/write-state.ts'
import { getTask } from '../views/get-task.ts'
import { type ViewNeeds, versionView } from './view-state.ts'

type Needs = ViewNeeds & Pick<Ports, 'clock' | 'bus' | 'ids'>

/** Throws NotFoundError, ConflictError (change/P2, change/P3), and as `updateState` does. */
export const putState =
  (ports: Needs) =>
  async (
    { id, key, value, ifMatch }: z.output<typeof PutStateSchema>,
    caller: Caller,
  ): Promise<StateVersionView> => {
    const plan = await openPlan(ports, id, caller)
    const from = ifMatch === undefined ? undefined : Number(ifMatch.replaceAll('"', ''))
    const { version } = await updateState(ports, { ...plan, key, by: writerOf(caller) }, (newest) => {
      if (from === undefined || from === newest.version) return value
      const message = `state "${key}" of task ${id} is at version ${newest.version}, not ${from}: read it again`
      throw new OrchestratorError('ConflictError', message, { version: newest.version })
    })
    await ports.bus.publish([stateChangedEvent(plan, version)])
    return versionView(ports, plan, version)
  }

/** Throws NotFoundError, and ConflictError for a task that has ended. */
export const makeSnapshot =
  (ports: Needs) =>
  async ({ id }: z.output<typeof MakeSnapshotSchema>, caller: Caller): Promise<SnapshotView> => {
    await openPlan(ports, id, caller)
    const { revision, heads } = await ports.sharedState.findBoard(id)
    const made = {
      id: ports.ids.makeId('s'),
      at: ports.clock.now().toISOString(),
      revision,
      versions: Object.fromEntries(heads),
    }
    await ports.sharedState.addSnapshot(id, { ...made, by: writerOf(caller) })
    return { taskId: id, ...made }
  }

/** Throws NotFoundError, also for a snapshot that is not there, and ConflictError for a task that has ended. */
export const restoreState =
  (ports: Needs) =>
  async ({ id, at, snapshot }: z.output<typeof RestoreStateSchema>, caller: Caller): Promise<Restored> => {
    const plan = await openPlan(ports, id, caller)
    const { heads } = await ports.sharedState.findBoard(id)
    const then =
      at === undefined ? await versionsOf(ports, id, snapshot ?? '') : await versionsAt(ports, id, heads, at)
    const keys = [...new Set([...heads.keys(), ...then.keys()])].sort()
    const newest = await ports.sharedState.findVersions(
      id,
      [...heads].map(([key, version]) => ({ key, version })),
    )
    const restored: Restored['restored'] = []
    for (const key of keys) {
      const before = then.get(key)
      if (
        hasSameValue(
          newest.find((one) => one.key === key),
          before,
        )
      )
        continue
      const of = { ...plan, key, by: writerOf(caller) }
      const { version } = before ? await restoreVersion(ports, of, before) : await removeKey(ports, of)
      await ports.bus.publish([stateChangedEvent(plan, version)])
      restored.push({ key, from: before?.version ?? 0, version: version.version })
    }
    return { taskId: id, restored }
  }

async function versionsOf(ports: Needs, taskId: string, id: string): Promise<Map<string, StateVersion>> {
  const snapshot = await ports.sharedState.findSnapshot(taskId, id)
  if (!snapshot)
    throw new OrchestratorError('NotFoundError', `task ${taskId} has no snapshot "${id}" of its state`)
  const found = await Promise.all(
    Object.entries(snapshot.versions).map(([key, version]) => findVersion(ports, taskId, { key, version })),
  )
  return new Map(found.flatMap((one) => (one ? [[one.key, one] as const] : [])))
}

/** Values of one task are equal where their texts, or their objects, are. */
const hasSameValue = (one: StateVersion | undefined, other: StateVersion | undefined): boolean =>
  textOf(one?.value) === textOf(other?.value)

const textOf = (value: StoredValue | undefined): string | undefined =>
  value && ('inline' in value ? value.inline : `blob ${value.blob}`)

const writerOf = ({ subject }: Caller): StateWriter => ({ subject })

/** change/P2 */
async function openPlan(ports: Needs, id: string, caller: Caller): Promise<Plan> {
  const task = await getTask(ports, id, caller)
  if (isOpenTask(task)) return ports.plans.getPlan(id, task.execution)
  const message = `task ${id} is ${task.status}: its state stays as it was; retry the task first, or fork it`
  throw new OrchestratorError('ConflictError', message, { taskId: id, status: task.status })
}
