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
  line: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('For a value given as YAML or JSON text: its line, from 1'),
  column: z.number().int().min(1).optional().describe('The column in that line, from 1'),
  text: z
    .string()
    .optional()
    .describe('That line itself; of a long one at most 200 characters before the column, and 400 in all'),
})

export type Issue = z.infer<typeof IssueSchema>

export const issue = (code: IssueCode, path: string, message: string): Issue => ({ code, path, message })

/** The most issues in one response. */
export const MOST_ISSUES = 100

/** At most {@link MOST_ISSUES}, each bounded; one more says how many were left out. */
export function boundedIssues(issues: readonly Issue[]): Issue[] {
  if (issues.length <= MOST_ISSUES && issues.every(isShort)) return [...issues]
  const { kept, more } = boundedList(issues, MOST_ISSUES)
  const told = kept.map(({ code, path, message, ...place }) => ({
    ...place,
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

/**
 * One readable line: `steps.review.needs: step "draft" ... (line 3, column 5); ...`; beyond {@link MOST_DESCRIBED} only the number of
 * further issues.
 */
export function describeIssues(issues: readonly Issue[]): string {
  const { kept, more } = boundedList(issues, MOST_DESCRIBED)
  const told = kept.map(({ path, message, line, column }) => {
    const place = line === undefined ? '' : ` (line ${line}, column ${column})`
    return `${path ? `${path}: ` : ''}${message}${place}`
  })
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}
