import { userInfo } from 'node:os'
import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { answerCommand } from '../show/answer-command.ts'
import { print, printJson } from '../show/terminal.ts'

type Options = { decision?: string; by: string; comment?: string; expires?: string; json?: boolean }

export function approveCommand(): Command {
  return new Command('approve')
    .description('Answer a step that waits for a person')
    .argument('<taskId>', 'of the task', parseTaskId)
    .argument('<stepId>')
    .option('-d, --decision <choice>', 'one of the choices of the step; without it nothing is answered')
    .option('-b, --by <name>', 'who decides', userInfo().username)
    .option('-c, --comment <text>', 'kept with the decision')
    .option('--expires <time>', 'answers only the question that ends then, as it was shown')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator approve t_01... sign_off --decision approve\n  npx orchestrator approve t_01... sign_off --decision reject \\\n    --comment "the numbers are off"',
    )
    .action(async (id: string, stepId: string, { decision, by, comment, expires, json = false }: Options) => {
      if (decision === undefined) throw await undecided(id, stepId)
      const answer = await callApi('answerApproval', {
        id,
        stepId,
        decision,
        by,
        comment,
        expiresAt: expires,
      })
      if (json) return printJson(answer)
      print(`${answer.stepId}: ${answer.decision} (${answer.by})`)
    })
}

/** A slip must not sign: what could be decided, and how. */
async function undecided(taskId: string, stepId: string): Promise<CliError> {
  const { approval, status } = await callApi('getTaskStep', { id: taskId, stepId })
  if (!approval) return new CliError(`step "${stepId}" of task ${taskId} asks nobody: it is ${status}`)
  const { answer, choices } = approval
  if (answer)
    return new CliError(
      `step "${stepId}" is answered already: ${answer.decision} by ${answer.by} at ${answer.at}`,
    )
  return new CliError(
    `--decision is missing; the choices of step "${stepId}" are ${choices.join(', ')}, as in: ${answerCommand({ taskId, stepId }, approval)}`,
  )
}
