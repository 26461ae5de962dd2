import { contentWords, stem } from '../_support/words.ts'
import type { Findings } from '../research/schemas.ts'
import type { Gaps } from './schemas.ts'

/** Which words of the question no passage mentions, and whether one source carries everything. */
export function findGaps({ findings }: { findings: Findings }): Gaps {
  const words = [...new Set(contentWords(findings.query))]
  const found = new Set(findings.passages.flatMap(({ text }) => contentWords(text).map(stem)))
  return {
    covered: words.filter((word) => found.has(stem(word))),
    missing: words.filter((word) => !found.has(stem(word))),
    singleSource: new Set(findings.passages.map(({ source }) => source)).size <= 1,
  }
}
