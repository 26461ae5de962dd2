import { contentWords, stem } from '../_support/words.ts'
import type { Findings } from '../research/schemas.ts'
import type { Gaps } from './schemas.ts'

/** The words of the question that no passage contains, and whether all passages come from one source. */
export function findGaps({ findings }: { findings: Findings }): Gaps {
  const words = [...new Set(contentWords(findings.query))]
  const found = new Set(findings.passages.flatMap(({ text }) => contentWords(text).map(stem)))
  return {
    covered: words.filter((word) => found.has(stem(word))),
    missing: words.filter((word) => !found.has(stem(word))),
    singleSource: new Set(findings.passages.map(({ source }) => source)).size <= 1,
  }
}
