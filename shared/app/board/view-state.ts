import type * as z from 'zod'
import type {
  ListStateHistorySchema,
  StateHistory,
  StateKeyRefSchema,
  StateVersionView,
  StateView,
} from '../../contracts/state-views.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import type { StateVersion } from '../../domain/state/shared-state.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { stateDefinition } from '../../workflow/state-schema.ts'
import { findVersion, initialOf, listVersions, type StateOf, valueIn } from '../state/read-state.ts'
import { getTask, type TaskRef } from '../views/get-task.ts'

/** The most bytes of values in one answer: what is larger goes by a link, and is no page that a person reads. */
const MOST_BYTES = 4 * 1024 * 1024

export type ViewNeeds = Pick<Ports, 'tasks' | 'plans' | 'sharedState' | 'values'>

/** The state of a task at one moment. Throws NotFoundError, as all here, also for a task of another tenant. */
export const showState =
  (ports: ViewNeeds) =>
  async ({ id }: TaskRef, caller: Caller): Promise<StateView> => {
    const plan = await planOf(ports, id, caller)
    const { revision, heads } = await ports.sharedState.findBoard(id)
    const names = [...new Set([...Object.keys(plan.workflow.state ?? {}), ...heads.keys()])].sort()
    const wanted = [...heads].map(([key, version]) => ({ key, version }))
    const found = new Map((await ports.sharedState.findVersions(id, wanted)).map((one) => [one.key, one]))
    let left = MOST_BYTES
    const keys = await Promise.all(
      names.map((key) => {
        const version = found.get(key)
        if (!version) return initialView(plan, key)
        const bytes = bytesOf(version)
        left -= bytes
        return left >= 0 ? versionView(ports, plan, version) : { ...headOf(plan, version), bytes }
      }),
    )
    return { taskId: id, revision, keys }
  }

/** Throws NotFoundError, also for a key or a version that is not there. */
export const showStateKey =
  (ports: ViewNeeds) =>
  async (
    { id, key, version }: z.output<typeof StateKeyRefSchema>,
    caller: Caller,
  ): Promise<StateVersionView> => {
    const plan = await planOf(ports, id, caller)
    const { heads } = await ports.sharedState.findBoard(id)
    const head = heads.get(key)
    if (
      head === undefined &&
      version === undefined &&
      stateDefinition(plan.workflow, key).initial !== undefined
    )
      return initialView(plan, key)
    if (head === undefined) throw noSuchKey(plan, key, heads)
    const found = version !== undefined && version > head ? undefined : (version ?? head)
    const stored = found === undefined ? undefined : await findVersion(ports, id, { key, version: found })
    if (stored) return versionView(ports, plan, stored)
    const message = `state "${key}" of task ${id} has no version ${version}; the newest is ${head}`
    throw new OrchestratorError('NotFoundError', message)
  }

export const listStateHistory =
  (ports: ViewNeeds) =>
  async (
    { id, key, before, limit }: z.output<typeof ListStateHistorySchema>,
    caller: Caller,
  ): Promise<StateHistory> => {
    const plan = await planOf(ports, id, caller)
    const found = await listVersions(ports, id, key, { before, limit })
    if (found.length === 0 && before === undefined) {
      const { heads } = await ports.sharedState.findBoard(id)
      throw noSuchKey(plan, key, heads)
    }
    // A page ends where its values are as many as an answer takes; the first is always there.
    let left = MOST_BYTES
    const some = found.filter((one, at) => {
      left -= bytesOf(one)
      return at === 0 || left >= 0
    })
    const versions = await Promise.all(some.map((one) => versionView(ports, plan, one)))
    const last = some.at(-1)?.version ?? 1
    return { taskId: id, key, versions, ...(last > 1 ? { before: last } : {}) }
  }

/** The plan of a task, with what its workflow says of its state. Throws NotFoundError for a task that is not planned yet. */
export async function planOf(
  ports: Pick<ViewNeeds, 'tasks' | 'plans'>,
  id: string,
  caller: Caller,
): Promise<Plan> {
  const task = await getTask(ports, id, caller)
  return ports.plans.getPlan(id, task.execution)
}

export async function versionView(
  ports: Pick<ViewNeeds, 'values'>,
  of: Pick<StateOf, 'workflow'>,
  version: StateVersion,
): Promise<StateVersionView> {
  return withoutUndefined({ ...headOf(of, version), value: await valueIn(ports, version) })
}

/** A version without its value. */
function headOf(
  { workflow }: Pick<StateOf, 'workflow'>,
  { key, version, at, by, restored }: StateVersion,
): StateVersionView {
  const { conflict } = stateDefinition(workflow, key)
  return withoutUndefined({ key, version, conflict, at, by, restored })
}

const bytesOf = ({ value }: StateVersion): number =>
  value === undefined ? 0 : 'bytes' in value ? value.bytes : value.inline.length

const initialView = ({ workflow }: Pick<StateOf, 'workflow'>, key: string): StateVersionView =>
  withoutUndefined({
    key,
    version: 0,
    conflict: stateDefinition(workflow, key).conflict,
    value: initialOf({ workflow }, key),
  })

function noSuchKey(
  { taskId, workflow }: StateOf,
  key: string,
  heads: ReadonlyMap<string, number>,
): OrchestratorError {
  const known = [...new Set([...Object.keys(workflow.state ?? {}), ...heads.keys()])]
  const isDeclared = known.includes(key)
  const message = isDeclared
    ? `state "${key}" of task ${taskId} has no version yet`
    : `task ${taskId} has no state "${key}"${suggestNames(key, known)}`
  return new OrchestratorError('NotFoundError', message)
}
