import MiniSearch from 'minisearch'

/**
 * Words of English goals that say nothing about what is wanted: without them 95 % of the wanted tools of UltraTool are among the forty, with
 * them 87 %.
 */
const COMMON = new Set(
  'a about an and are at be by can for from has have i in is it like me my need of on or please that the this to want will with would you'.split(
    ' ',
  ),
)

/** An index by BM25 over texts of these fields, whose ids are their positions. */
export function textIndex<Field extends string>(
  fields: readonly Field[],
  texts: readonly Readonly<Record<Field, string>>[],
): MiniSearch {
  const index = new MiniSearch({
    fields: [...fields],
    processTerm: (term) => (COMMON.has(term.toLowerCase()) ? null : stemOf(term.toLowerCase())),
    searchOptions: { prefix: (term) => term.length > 3 },
  })
  index.addAll(texts.map((text, id) => ({ ...text, id })))
  return index
}

/** `text.summarize-all` and `GetMovieCredit` as words. */
export const wordsIn = (name: string): string =>
  name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll(/[^A-Za-z0-9]+/g, ' ')

/** The different words of a text that say something, as the index has them. */
export const contentWords = (text: string): Set<string> =>
  new Set((text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !COMMON.has(word)).map(stemOf))

/** Plurals and verb forms meet; no linguistics. */
const stemOf = (term: string): string => (term.length > 4 ? term.replace(/(?:ies|es|s|ing|ed)$/, '') : term)
