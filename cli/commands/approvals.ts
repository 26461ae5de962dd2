import { Command } from 'commander'
import type { OpenApprovalView } from '../../shared/contracts/approval-views.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { callApi } from '../api-client.ts'
import { wholeOption } from '../input/parse-options.ts'
import { answerParts, decidersOf } from '../show/answer-command.ts'
import { say, statusMark, style } from '../show/output.ts'
import { print, printJson } from '../show/terminal.ts'
import { hanging } from '../show/visible.ts'

type Options = {
  by?: string
  mine?: boolean
  workflow?: string
  limit: number
  cursor?: string
  json?: boolean
}

export function approvalsCommand(): Command {
  return new Command('approvals')
    .description('Show what waits for a person, in all tasks')
    .option('-b, --by <name>', 'only what this person may decide')
    .option('-m, --mine', 'only what you may decide, by your credentials')
    .option('-w, --workflow <name>', 'only of tasks of this workflow')
    .option('-n, --limit <n>', 'how many, at most 100', wholeOption('--limit', 1, 100), 20)
    .option('--cursor <cursor>', 'go on after a page')
    .option('--json', 'print JSON')
    .action(async ({ by, mine, workflow, limit, cursor, json = false }: Options) => {
      const page = await callApi('listApprovals', { approver: by, mine, workflow, limit, cursor })
      if (json) return printJson(page)
      if (page.approvals.length === 0 && !page.cursor) return say('nothing waits for a person')
      for (const approval of page.approvals) {
        for (const line of linesOf(approval)) say(line, 2)
        print(commandOf(approval, by))
      }
      if (!page.cursor) return
      const same = `${mine ? '--mine ' : ''}${by ? `--by ${shellWord(by)} ` : ''}${workflow ? `--workflow ${shellWord(workflow)} ` : ''}--limit ${limit}`
      print(`more: npx orchestrator approvals ${same} \\\n  --cursor '${page.cursor}'`)
    })
}

function linesOf(approval: OpenApprovalView): string[] {
  const { taskId, stepId, workflow, prompt, choices, editable, requestedAt, expiresAt } = approval
  return [
    `${statusMark('waiting')} ${style('bold', stepId)} of ${workflow.name} ${style('dim', taskId)}`,
    `  ${hanging(prompt)}`,
    `  ${choices.join(' | ')}, ${decidersOf(approval)}, since ${minuteOf(requestedAt)}, until ${minuteOf(expiresAt)}`,
    ...(editable ? ['  its value may be changed: approve --set or --edit'] : []),
  ]
}

/** The command that answers an approval, on behalf of an approver if there are any. It is not folded: a shell takes what is copied as it stands. */
function commandOf(approval: OpenApprovalView, by?: string): string {
  const [step, answer] = answerParts(approval, approval, by)
  // Another question of the step, which is not this one, is not answered by it.
  return `  ${step} \\\n    ${answer} --expires ${shellWord(approval.expiresAt)}`
}

const minuteOf = (time: string): string => `${time.slice(0, 16)}Z`
