import { z } from 'zod'

/** What is wrong with a value, and where. Pure code answers bad input with all of them, not the first. */
export const IssueSchema = z.object({
  code: z.string().describe('Stable, machine-readable: unknown-step, cycle, ...'),
  path: z.string().describe('Where in the value, as a dotted path; empty for the whole'),
  message: z.string().describe('What is wrong, with which value, and what would be right'),
})

export type Issue = z.infer<typeof IssueSchema>

/** Zod's issues in our shape, their paths under `base`. */
export function issuesOfZod(error: z.ZodError, base = ''): Issue[] {
  return error.issues.map((issue) => {
    const path = [base, ...issue.path.map(String)].filter(Boolean).join('.')
    const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
    return { code: 'invalid-value', path, message: missing ? 'is required' : issue.message }
  })
}

/** One line a person can read: `steps.review.needs: step "draft" ...; ...`. */
export function describeIssues(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ')
}
