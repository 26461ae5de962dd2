import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { print, printJson } from '../show/terminal.ts'

export function cancelCommand(): Command {
  return new Command('cancel')
    .description('Stop a task that is still open')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option('-r, --reason <text>', 'kept with the task')
    .option('--json', 'print JSON')
    .action(async (taskId: string, { reason, json = false }: { reason?: string; json?: boolean }) => {
      const task = await callApi('cancelTask', { id: taskId, reason })
      if (json) return printJson(task)
      print(`${task.taskId} ${task.status}`)
    })
}
