import { contentWords } from '../_support/words.ts'
import type { Findings } from '../research/schemas.ts'
import type { Themes } from './schemas.ts'

const MAX_THEMES = 10
const MIN_PASSAGES = 2

/** Terms that several passages share, beyond the words of the question itself. */
export function findThemes({ findings }: { findings: Findings }): Themes {
  const asked = new Set(contentWords(findings.query))
  const seen = new Map<string, { passages: number; sources: Set<string> }>()
  for (const { text, source } of findings.passages) {
    for (const term of new Set(termsOf(text))) {
      const entry = seen.get(term) ?? { passages: 0, sources: new Set<string>() }
      entry.passages += 1
      entry.sources.add(source)
      seen.set(term, entry)
    }
  }
  const themes = [...seen]
    .filter(
      ([term, { passages }]) => passages >= MIN_PASSAGES && !term.split(' ').every((word) => asked.has(word)),
    )
    .sort(([a, x], [b, y]) => weight(b, y) - weight(a, x) || (a < b ? -1 : 1))
    .slice(0, MAX_THEMES)
    .map(([term, { passages, sources }]) => ({ term, passages, sources: [...sources].sort() }))
  return { themes }
}

/** Unigrams and bigrams: a bigram that recurs is more telling than its words. */
function termsOf(text: string): string[] {
  const words = contentWords(text)
  return [...words, ...words.slice(1).map((word, index) => `${words[index]} ${word}`)]
}

function weight(term: string, { passages, sources }: { passages: number; sources: Set<string> }): number {
  return passages * sources.size * (term.includes(' ') ? 2 : 1)
}
