import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { printJson } from '../output.ts'
import { reportIn, saveResult } from '../report.ts'

export function resultCommand(): Command {
  return new Command('result')
    .description('Show the result of a task that succeeded')
    .argument('<taskId>')
    .option('-o, --out <folder>', 'write it there: a report with its charts, anything else as JSON')
    .option('--json', 'print JSON')
    .action(async (taskId: string, { out, json = false }: { out?: string; json?: boolean }) => {
      const { result, degraded } = await callApi('getTaskResult', { id: taskId }).catch((error: unknown) => {
        const early = error instanceof CliError && error.problem?.status === 409
        throw early ? new CliError(error.message, EXIT.taskFailed, error.problem) : error
      })
      if (out !== undefined) return console.log(await saveResult(result, out))
      if (json) return printJson({ taskId, result, degraded })
      console.log(reportIn(result)?.markdown ?? JSON.stringify(result, null, 2))
      for (const { path, reason } of degraded) console.error(`degraded: ${path}: ${reason}`)
    })
}
