import type { Json } from '../../domain/json.ts'
import type { Ports } from '../../ports/index.ts'
import { versionsAt } from './state-at.ts'

type Needs = Pick<Ports, 'sharedState'> & { values: Pick<Ports['values'], 'loadValue' | 'storeValue'> }

/**
 * Begins the state of a task with that of another one at a time: each key has one version. Values are copied, since those of the other
 * expire with its task. A repeat changes nothing.
 */
export async function copyState(
  { sharedState, values }: Needs,
  { from, to, at }: { from: string; to: string; at: string },
): Promise<void> {
  const { heads } = await sharedState.findBoard(from)
  if (heads.size === 0) return
  const then = await versionsAt({ sharedState }, from, heads, at)
  for (const { key, value, ...version } of then.values()) {
    if (value === undefined) continue
    const own =
      'inline' in value ? value : await values.storeValue(to, (await values.loadValue(value)) as Json)
    await sharedState.commitVersion(to, {
      key,
      version: 1,
      at: version.at,
      by: { forkedFrom: from },
      value: own,
    })
  }
}
