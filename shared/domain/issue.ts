import * as z from 'zod'
import {
  boundedList,
  boundedText,
  MOST_CHARACTERS,
  MOST_ENTRY_CHARACTERS,
  MOST_NAME_CHARACTERS,
} from './bounded.ts'
import type { IssueCode } from './issue-codes.ts'

/** A problem with a value, and its place. Pure code answers bad input with all issues, not only the first. */
export const IssueSchema = z.object({
  code: z.string().describe('Stable, machine-readable: unknown-step, cycle, ...'),
  path: z.string().describe('Where in the value, as a dotted path; empty for the whole'),
  message: z.string().describe('What is wrong, with which value, and what would be right'),
})

export type Issue = z.infer<typeof IssueSchema>

export const issue = (code: IssueCode, path: string, message: string): Issue => ({ code, path, message })

/** The most issues in one response. */
export const MOST_ISSUES = 100

/** At most {@link MOST_ISSUES}, each bounded; one more says how many were left out. */
export function boundedIssues(issues: readonly Issue[]): Issue[] {
  if (issues.length <= MOST_ISSUES && issues.every(isShort)) return [...issues]
  const { kept, more } = boundedList(issues, MOST_ISSUES)
  const told = kept.map(({ code, path, message }) => ({
    code: boundedText(code, MOST_NAME_CHARACTERS),
    path: boundedText(path, MOST_ENTRY_CHARACTERS),
    message: boundedText(message, MOST_CHARACTERS),
  }))
  return more > 0 ? [...told, issue('more-issues', '', `and ${more} more`)] : told
}

const isShort = ({ path, message }: Issue): boolean =>
  path.length <= MOST_ENTRY_CHARACTERS && message.length <= MOST_CHARACTERS

/** The most issues that one line describes. */
const MOST_DESCRIBED = 20

/** One readable line: `steps.review.needs: step "draft" ...; ...`; beyond {@link MOST_DESCRIBED} only the number of further issues. */
export function describeIssues(issues: readonly Issue[]): string {
  const { kept, more } = boundedList(issues, MOST_DESCRIBED)
  const told = kept.map(({ path, message }) => (path ? `${path}: ${message}` : message))
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}
