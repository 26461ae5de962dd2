import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { saveResult, textOf } from '../show/report.ts'
import { print, printContent, printError, printJson } from '../show/terminal.ts'

export function resultCommand(): Command {
  return new Command('result')
    .description('Show the result of a task that succeeded')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option(
      '-o, --out <folder>',
      'write it there: a report with its charts, anything else as JSON; - for standard output',
    )
    .option('--json', 'print JSON')
    .action(async (taskId: string, { out, json = false }: { out?: string; json?: boolean }) => {
      const { result, degraded } = await callApi('getTaskResult', { id: taskId }).catch((error: unknown) => {
        const early = error instanceof CliError && error.problem?.status === 409
        throw early ? new CliError(error.message, EXIT.taskFailed, error.problem) : error
      })
      if (out !== undefined) {
        const file = await saveResult(result, out)
        if (file !== undefined) json ? printJson({ taskId, file, degraded }) : print(file)
        return
      }
      if (json) return printJson({ taskId, result, degraded })
      printContent(textOf(result))
      for (const { path, reason } of degraded) printError(`degraded: ${path}: ${reason}`)
    })
}
