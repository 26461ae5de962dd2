import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { parseTaskId } from '../input/parse-options.ts'
import { describeBudget, describeEstimate, describeOutcome } from '../show/describe-estimate.ts'
import { say } from '../show/output.ts'
import { pageOfError } from '../show/page-of-error.ts'
import { showFailure } from '../show/show-ended.ts'
import { print, printJson } from '../show/terminal.ts'
import { hanging, inOneLine } from '../show/visible.ts'
import { taskTree, watchTask } from '../show/watch-task.ts'

export function statusCommand(): Command {
  return new Command('status')
    .description('Show a task and its steps')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option('-w, --watch', 'follow it to its end')
    .option('--json', 'print JSON')
    .action(async (taskId: string, { watch = false, json = false }: { watch?: boolean; json?: boolean }) => {
      if (watch) {
        const ended = await watchTask(taskId, { to: process.stdout, quiet: json })
        if (json) printJson(ended)
        else showFailure(ended)
        if (ended.status === 'succeeded') return
        throw new CliError('', EXIT.taskFailed)
      }
      const task = await callApi('getTask', { id: taskId })
      if (json) return printJson(task)
      say(taskTree(task), 4)
      for (const { path, reason } of task.degraded ?? []) say(`degraded: ${path}: ${inOneLine(reason)}`)
      const outcome = describeOutcome(task)
      if (outcome) say(outcome)
      else if (task.estimate && !task.endedAt) say(describeEstimate(task.estimate))
      if (task.budget) say(describeBudget(task.budget))
      if (task.parent) say(`runs step ${task.parent.path} of ${task.parent.taskId}`)
      if (task.execution.consoleUrl) print(`watch: ${task.execution.consoleUrl}`)
      if (task.error)
        say(`\n${hanging(`${task.error.name}: ${task.error.message}`)}${pageOfError(task.error.name)}`)
    })
}
