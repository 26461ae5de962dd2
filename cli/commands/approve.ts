import { userInfo } from 'node:os'
import { Command } from 'commander'
import { isJsonObject, type Json } from '../../shared/domain/json.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { withChanges } from '../input/edited-value.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { readJsonOption } from '../input/read-json-option.ts'
import { answerCommand, editedText } from '../show/answer-command.ts'
import { print, printJson } from '../show/terminal.ts'

type Options = {
  decision?: string
  by: string
  comment?: string
  edit?: string
  set: string[]
  expires?: string
  json?: boolean
}

export function approveCommand(): Command {
  return new Command('approve')
    .description('Answer a step that waits for a person')
    .argument('<taskId>', 'of the task', parseTaskId)
    .argument('<stepId>')
    .option('-d, --decision <choice>', 'one of the choices of the step; without it nothing is answered')
    .option('-b, --by <name>', 'who decides', userInfo().username)
    .option('-c, --comment <text>', 'kept with the decision')
    .option('--edit <json>', 'the value as it shall be, or @<file>; where the step lets it be changed')
    .option(
      '--set <path=value>',
      'changes a part of the value that is shown (repeatable)',
      (one: string, all: string[]) => [...all, one],
      [] as string[],
    )
    .option('--expires <time>', 'answers only the question that ends then, as it was shown')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator approve t_01... sign_off --decision approve\n  npx orchestrator approve t_01... sign_off --decision reject \\\n    --comment "the numbers are off"\n  npx orchestrator approve t_01... sign_off --decision approve \\\n    --set title=Rivers',
    )
    .action(
      async (
        id: string,
        stepId: string,
        { decision, by, comment, expires, json = false, ...changes }: Options,
      ) => {
        if (decision === undefined) throw await undecided(id, stepId)
        const value = await changedValue(id, stepId, changes)
        const answer = await callApi('answerApproval', {
          id,
          stepId,
          decision,
          by,
          comment,
          value,
          expiresAt: expires,
        })
        if (json) return printJson(answer)
        print(`${answer.stepId}: ${answer.decision}${editedText(answer)} (${answer.by})`)
      },
    )
}

/** The value as `--edit` gives it, or that of the question with the changes of `--set`; undefined where it stays. */
async function changedValue(
  taskId: string,
  stepId: string,
  { edit, set }: Pick<Options, 'edit' | 'set'>,
): Promise<Json | undefined> {
  if (edit !== undefined && set.length > 0) throw new CliError('give one of --edit and --set')
  if (edit !== undefined) return readJsonOption(edit, '--edit')
  if (set.length === 0) return undefined
  const { input } = await callApi('getTaskStep', { id: taskId, stepId })
  if (!isJsonObject(input) || input.value === undefined)
    throw new CliError(`--set: step "${stepId}" shows no value that could be changed`)
  return withChanges(input.value, set)
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
