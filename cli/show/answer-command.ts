import type { Approval } from '../../shared/domain/approval.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'

type Asked = Pick<Approval, 'choices' | 'approvers'>

/** The command that answers an approval with its first choice, on behalf of an approver if there are any. */
export function answerCommand(
  { taskId, stepId }: { taskId: string; stepId: string },
  { choices, approvers }: Asked,
  by?: string,
): string {
  const answer = ['--decision', choices[0] ?? '', ...(approvers ? ['--by', by ?? approvers[0] ?? ''] : [])]
  return `npx orchestrator approve ${[taskId, stepId, ...answer].map(shellWord).join(' ')}`
}

/** Who may decide: `by ada, bob`. */
export const decidersOf = ({ approvers }: Asked): string =>
  approvers ? `by ${approvers.join(', ')}` : 'by anybody'
