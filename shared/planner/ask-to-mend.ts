import { boundedText } from '../domain/bounded.ts'
import type { Issue } from '../domain/issue.ts'
import type { JsonObject } from '../domain/json.ts'
import type { ModelMessage } from '../ports/models.ts'

const MOST_ISSUES = 15
const MOST_ISSUE_CHARACTERS = 300
const MOST_DRAFT_CHARACTERS = 6_000

/** A draft, and what is wrong with it, as the turns of a conversation: the draft as it is after repairs, because the paths are of that one. */
export function askToMend(draft: JsonObject | string, issues: readonly Issue[]): ModelMessage[] {
  const shown = typeof draft === 'string' ? draft : JSON.stringify({ assumptions: [], workflow: draft })
  const told = issues.slice(0, MOST_ISSUES).map(({ path, message }, at) => {
    const where = path === '' ? '' : `${path}: `
    return `${at + 1}. ${where}${boundedText(message, MOST_ISSUE_CHARACTERS)}`
  })
  const more = issues.length > MOST_ISSUES ? [`and ${issues.length - MOST_ISSUES} more of this kind`] : []
  const text = [
    'The plan cannot run yet. Mend what is named here, leave everything else as it is, and answer with the whole JSON object again:',
    ...told,
    ...more,
  ].join('\n')
  return [
    {
      role: 'assistant',
      parts: [{ kind: 'text', text: boundedText(shown.trim() || '(nothing)', MOST_DRAFT_CHARACTERS) }],
    },
    { role: 'user', parts: [{ kind: 'text', text }] },
  ]
}
