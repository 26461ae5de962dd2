import type { Json } from '../../domain/json.ts'
import type { Maybe } from '../../domain/state/merge-json.ts'
import { MOST_STATE_PAGE, type StateVersion } from '../../domain/state/shared-state.ts'
import type { Ports } from '../../ports/index.ts'
import { stateDefinition, type WorkflowState } from '../../workflow/state-schema.ts'

type Needs = Pick<Ports, 'sharedState'> & { values: Pick<Ports['values'], 'loadValue'> }
/** The task, and what its workflow says of its state. */
export type StateOf = { taskId: string; workflow: { state?: WorkflowState | undefined } }

/** The values of one moment, with the version of each; a value that no version has is the initial one, of version 0. */
export type ReadState = {
  revision: number
  values: Record<string, Json>
  versions: Record<string, number>
}

/** The state at one moment: of these keys, or of all. A key without a value is left out. */
export async function readState(ports: Needs, of: StateOf, keys?: readonly string[]): Promise<ReadState> {
  const { revision, heads } = await ports.sharedState.findBoard(of.taskId)
  const declared = Object.keys(of.workflow.state ?? {})
  const wanted = keys ?? [...new Set([...declared, ...heads.keys()])].sort()
  const found = await ports.sharedState.findVersions(
    of.taskId,
    wanted.flatMap((key) => {
      const version = heads.get(key)
      return version === undefined ? [] : [{ key, version }]
    }),
  )
  const byKey = new Map(found.map((version) => [version.key, version]))
  const read = await Promise.all(
    wanted.map(async (key) => {
      const version = byKey.get(key)
      const value = version ? await valueIn(ports, version) : initialOf(of, key)
      return { key, version: version?.version ?? 0, value }
    }),
  )
  const present = read.filter((one): one is typeof one & { value: Json } => one.value !== undefined)
  return {
    revision,
    values: Object.fromEntries(present.map(({ key, value }) => [key, value])),
    versions: Object.fromEntries(present.map(({ key, version }) => [key, version])),
  }
}

/** The value of a version; undefined where the key was removed. */
export const valueIn = async (
  { values }: Pick<Needs, 'values'>,
  { value }: Pick<StateVersion, 'value'>,
): Promise<Maybe> => (value ? values.loadValue(value) : undefined)

/** A copy, which the reader may change. */
export const initialOf = ({ workflow }: Pick<StateOf, 'workflow'>, key: string): Maybe =>
  structuredClone(stateDefinition(workflow, key).initial) as Maybe

export async function findVersion(
  { sharedState }: Pick<Needs, 'sharedState'>,
  taskId: string,
  wanted: Pick<StateVersion, 'key' | 'version'>,
): Promise<StateVersion | undefined> {
  return (await sharedState.findVersions(taskId, [wanted]))[0]
}

/** The versions of a key below `before`, the newest first; at most `limit`. */
export async function listVersions(
  { sharedState }: Pick<Needs, 'sharedState'>,
  taskId: string,
  key: string,
  { before, limit = MOST_STATE_PAGE }: { before?: number | undefined; limit?: number | undefined } = {},
): Promise<StateVersion[]> {
  const head = (await sharedState.findBoard(taskId)).heads.get(key) ?? 0
  const newest = Math.min(head, (before ?? head + 1) - 1)
  const oldest = Math.max(1, newest - limit + 1)
  return versionsBetween({ sharedState }, taskId, { key, from: oldest, to: newest })
}

/** The versions of a key from `from` to `to`, the newest first. */
export async function versionsBetween(
  { sharedState }: Pick<Needs, 'sharedState'>,
  taskId: string,
  { key, from, to }: { key: string; from: number; to: number },
): Promise<StateVersion[]> {
  if (to < from) return []
  const wanted = Array.from({ length: to - from + 1 }, (_, at) => ({ key, version: from + at }))
  const found = await sharedState.findVersions(taskId, wanted)
  return found.sort((a, b) => b.version - a.version)
}
