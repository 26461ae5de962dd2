import MiniSearch from 'minisearch'
import { documentTerms, questionTerms } from '../_support/words.ts'
import { type Passage, passagesOf } from './passages-of.ts'
import type { Document } from './read-corpus.ts'
import type { Findings } from './schemas.ts'

/** Korean attaches its particles to the word, so even a word of two syllables is specific. */
const HANGUL = /\p{Script=Hangul}/u
/** A shorter passage is found, but weighs less than longer ones: it seldom says more. */
const SHORT_CHARACTERS = 40
const SHORT_WEIGHT = 0.5
/** The most passages from one document, so that one long text does not fill the list. */
const MAX_PER_SOURCE = 3

/** Ranks the passages of all documents by BM25. Extractive: every passage is word for word from its source. */
export function searchPassages(
  query: string,
  documents: readonly Document[],
  limit: number,
): Omit<Findings, 'skipped'> {
  const passages = documents.flatMap(passagesOf).map((passage, id) => ({ ...passage, id }))
  const index = new MiniSearch<Passage & { id: number }>({
    fields: ['text', 'heading', 'source'],
    storeFields: ['source', 'heading', 'text'],
    tokenize: documentTerms,
    processTerm: (term) => term,
    searchOptions: {
      tokenize: questionTerms,
      boost: { heading: 1.5, source: 0.5 },
      boostDocument: (_id, _term, stored) =>
        String(stored?.text).length < SHORT_CHARACTERS ? SHORT_WEIGHT : 1,
      prefix: (term) => term.length > (HANGUL.test(term) ? 1 : 4),
    },
  })
  index.addAll(passages)
  const perSource = new Map<string, number>()
  const texts = new Set<string>()
  const found = index.search(query).filter(({ source, text }) => {
    // Duplicates are dropped: many files repeat the same boilerplate.
    if (texts.size === texts.add(text).size) return false
    const count = (perSource.get(source) ?? 0) + 1
    perSource.set(source, count)
    return count <= MAX_PER_SOURCE
  })
  return {
    query,
    engine: 'extractive',
    documents: documents.length,
    passages: found.slice(0, limit).map(({ source, heading, text, score }, position) => ({
      citation: position + 1,
      source,
      heading,
      text,
      score: Number(score.toFixed(3)),
    })),
  }
}
