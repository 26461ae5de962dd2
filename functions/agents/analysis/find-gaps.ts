import { contentWords } from '../_support/words.ts'
import type { Findings } from '../research/schemas.ts'
import type { Gaps } from './schemas.ts'

/** Which words of the question no passage mentions, and whether one source carries everything. */
export function findGaps({ findings }: { findings: Findings }): Gaps {
  const words = [...new Set(contentWords(findings.query))]
  const found = findings.passages.map(({ text }) => text.toLowerCase()).join('\n')
  return {
    covered: words.filter((word) => found.includes(word)),
    missing: words.filter((word) => !found.includes(word)),
    singleSource: new Set(findings.passages.map(({ source }) => source)).size <= 1,
  }
}
