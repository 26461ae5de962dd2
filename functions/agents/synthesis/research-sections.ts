import type { CitedAnswer } from '../_support/language/cited-answer.ts'
import { summarize } from '../_support/summarize.ts'
import type { Gaps, Themes } from '../analysis/schemas.ts'
import type { Findings } from '../research/schemas.ts'
import { table, withoutTags } from './markdown.ts'

const KEY_SENTENCES = 4

/** The statements of a model, each with the passage that it quotes. */
export function answerSection({ statements }: CitedAnswer): string {
  if (statements.length === 0) return '## Answer\n\nThe passages do not answer the question.'
  return `## Answer\n\n${statements.map(({ text, citation }) => `${withoutTags(text)} [${citation}]`).join(' ')}`
}

/** The most relevant sentences, each with its citation, then the passages they come from. */
export function findingsSection({ query, documents, skipped, passages }: Findings): string {
  if (passages.length === 0)
    return `## Findings\n\nNone of ${documents} documents says anything on “${query}”.`
  const key = summarize(passages.map(({ text }) => text).join('\n'), KEY_SENTENCES, query).sentences
  const points = key.map((sentence) => {
    const citation = passages.find(({ text }) => text.includes(sentence))?.citation
    return `- ${withoutTags(sentence)}${citation ? ` [${citation}]` : ''}`
  })
  const sources = passages.map(({ citation, source, heading, text }) => {
    return `[${citation}] **${source}**${heading ? `, ${heading}` : ''}\n\n> ${withoutTags(text)}`
  })
  const left = skipped > 0 ? ` ${skipped} files could not be read.` : ''
  const intro = `${passages.length} passages from ${documents} documents on “${query}”.${left}`
  return `## Findings\n\n${intro}\n\n${points.join('\n')}\n\n## Sources\n\n${sources.join('\n\n')}`
}

export function themesSection({ themes }: Themes): string {
  if (themes.length === 0) return '## Themes\n\nThe passages share no theme beyond the question.'
  const lines = themes.map(({ term, passages, sources }) => [term, passages, sources.slice(0, 4).join(', ')])
  return `## Themes\n\n${table(['theme', 'passages', 'sources'], lines)}`
}

export function gapsSection({ covered, missing, singleSource }: Gaps): string {
  const total = covered.length + missing.length
  const uncovered =
    missing.length === 0
      ? `All ${total} words of the question that carry meaning are covered.`
      : `${covered.length} of ${total} words of the question are covered. Not covered: ${missing.join(', ')}.`
  const single = singleSource ? ' Everything comes from one source: have it confirmed.' : ''
  return `## Gaps\n\n${uncovered}${single}`
}
