import type MiniSearch from 'minisearch'
import type { Capability } from './signatures.ts'
import { textIndex, wordsIn } from './text-index.ts'

/** The most capabilities that a prompt tells of. */
export const MOST_LISTED = 40

/**
 * The capabilities that a goal may need, the most wanted first: all where there are at most forty, else the best by BM25 over names and
 * descriptions. Those that share no word with the goal come last, by name.
 */
export function shortlistFor(goal: string, capabilities: readonly Capability[]): Capability[] {
  if (capabilities.length <= MOST_LISTED) return [...capabilities]
  const index = indexes.get(capabilities) ?? indexOf(capabilities)
  indexes.set(capabilities, index)
  const found = index.search(goal).flatMap(({ id }) => capabilities[id] ?? [])
  const others = capabilities.filter((one) => !found.includes(one))
  return [...found, ...others].slice(0, MOST_LISTED)
}

/** One index for a catalogue, which is used for many goals. */
const indexes = new WeakMap<readonly Capability[], MiniSearch>()

const indexOf = (capabilities: readonly Capability[]): MiniSearch =>
  textIndex(
    ['name', 'description'],
    capabilities.map(({ name, description }) => ({ name: wordsIn(name), description })),
  )
