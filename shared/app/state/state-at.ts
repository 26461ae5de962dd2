import type { StateVersion } from '../../domain/state/shared-state.ts'
import type { Ports } from '../../ports/index.ts'
import { findVersion } from './read-state.ts'

type Needs = Pick<Ports, 'sharedState'>

/**
 * The version that each key had at a time; a key that had none is left out. The times of versions grow with their numbers: about log2 of
 * their count is read.
 */
export async function versionsAt(
  ports: Needs,
  taskId: string,
  heads: ReadonlyMap<string, number>,
  at: string,
): Promise<Map<string, StateVersion>> {
  // Times are compared as texts of one form.
  const until = new Date(at).toISOString()
  const found = await Promise.all(
    [...heads].map(([key, head]) => versionAt(ports, taskId, { key, head }, until)),
  )
  return new Map(found.flatMap((one) => (one ? [[one.key, one] as const] : [])))
}

async function versionAt(
  ports: Needs,
  taskId: string,
  { key, head }: { key: string; head: number },
  until: string,
): Promise<StateVersion | undefined> {
  let [low, high] = [1, head]
  let found: StateVersion | undefined
  while (low <= high) {
    const version = Math.floor((low + high) / 2)
    const one = await findVersion(ports, taskId, { key, version })
    if (one && one.at <= until) {
      found = one
      low = version + 1
    } else high = version - 1
  }
  return found
}
