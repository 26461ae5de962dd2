import { userInfo } from 'node:os'
import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { printJson } from '../show/output.ts'

type Options = { decision: string; by: string; comment?: string; json?: boolean }

export function approveCommand(): Command {
  return new Command('approve')
    .description('Answer a step that waits for a person')
    .argument('<taskId>', 'of the task', parseTaskId)
    .argument('<stepId>')
    .option('-d, --decision <choice>', 'one of the choices of the step', 'approve')
    .option('-b, --by <name>', 'who decides', userInfo().username)
    .option('-c, --comment <text>', 'kept with the decision')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator approve t_01... sign_off\n  npx orchestrator approve t_01... sign_off --decision reject \\\n    --comment "the numbers are off"',
    )
    .action(async (id: string, stepId: string, { decision, by, comment, json = false }: Options) => {
      const answer = await callApi('answerApproval', { id, stepId, decision, by, comment })
      if (json) return printJson(answer)
      console.log(`${answer.stepId}: ${answer.decision} (${answer.by})`)
    })
}
