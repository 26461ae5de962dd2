import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { print, printJson } from '../show/terminal.ts'

export function deleteCommand(): Command {
  return new Command('delete')
    .description('Delete a task that has ended, with its children and everything that is kept of them')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nIt does not come back. A task that is open is cancelled first:\n  npx orchestrator cancel <taskId>',
    )
    .action(async (taskId: string, { json = false }: { json?: boolean }) => {
      const deleted = await callApi('deleteTask', { id: taskId })
      if (json) return printJson(deleted)
      print(`${deleted.taskId} is deleted; its data is removed by ${deleted.goneBy}`)
    })
}
