import type { Approval } from '../../shared/domain/approval.ts'
import { OF_SCOPE } from '../../shared/domain/caller.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'

type Asked = Pick<Approval, 'choices' | 'approvers' | 'notBy'>

/** The command that answers an approval with its first choice, on behalf of an approver if there are any. */
export const answerCommand = (...asked: Parameters<typeof answerParts>): string =>
  answerParts(...asked).join(' ')

/** The command in two parts: what it answers, and how. */
export function answerParts(
  { taskId, stepId }: { taskId: string; stepId: string },
  { choices, approvers }: Asked,
  by?: string,
): [step: string, answer: string] {
  const named = by ?? approvers?.find((name) => !name.startsWith(OF_SCOPE))
  const answer = ['--decision', choices[0] ?? '', ...(approvers && named ? ['--by', named] : [])]
  return [
    `npx orchestrator approve ${[taskId, stepId].map(shellWord).join(' ')}`,
    answer.map(shellWord).join(' '),
  ]
}

/** `, edited`: where the value that was decided on was changed. */
export const editedText = ({
  edited,
}: Pick<NonNullable<Approval['answer']>, 'decision'> & { edited?: unknown }): string =>
  edited ? ', edited' : ''

/** Who may decide: `by ada, bob`. */
export const decidersOf = ({ approvers, notBy }: Asked): string =>
  `${approvers ? `by ${approvers.join(', ')}` : 'by anybody'}${notBy ? `, not by its ${notBy}` : ''}`
