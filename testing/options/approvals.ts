import * as z from 'zod'
import type { Issue } from '../../shared/domain/issue.ts'
import type { ScriptedApproval } from '../approvals.ts'
import { isPlain, issuesAt, issuesOfMembers, notRight, type ShapeOf, VirtualSeconds } from './check.ts'

const ApprovalSchema = z.strictObject({
  approved: z.boolean().optional(),
  decision: z.string().optional(),
  by: z.string().optional(),
  comment: z.string().optional(),
  value: z.json().optional(),
  afterSeconds: VirtualSeconds.optional(),
} satisfies ShapeOf<ScriptedApproval>)

/** What is wrong with an answer to an approval. */
export const issuesOfApproval = (place: string, answer: unknown): Issue[] =>
  isPlain(answer)
    ? issuesAt(place, ApprovalSchema, answer)
    : [notRight(place, answer, 'an object {approved?, decision?, by?, comment?, value?, afterSeconds?}')]

/** What is wrong with the answers of a test, apart from the names of steps. */
export function issuesOfApprovals(approvals: unknown): Issue[] {
  if (approvals === undefined || typeof approvals === 'function') return []
  if (!isPlain(approvals)) return [notRight('approvals', approvals, 'an object of answers, or a function')]
  return issuesOfMembers('approvals', approvals, issuesOfApproval)
}
