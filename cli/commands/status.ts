import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { describeBudget, describeEstimate, describeOutcome } from '../describe-estimate.ts'
import { printJson } from '../output.ts'
import { parseTaskId } from '../parse-options.ts'
import { taskTree, watchTask } from '../watch-task.ts'

export function statusCommand(): Command {
  return new Command('status')
    .description('Show a task and its steps')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option('-w, --watch', 'follow it to its end')
    .option('--json', 'print JSON')
    .action(async (taskId: string, { watch = false, json = false }: { watch?: boolean; json?: boolean }) => {
      if (watch) {
        const ended = await watchTask(taskId, { to: process.stdout, quiet: json })
        return json ? printJson(ended) : undefined
      }
      const task = await callApi('getTask', { id: taskId })
      if (json) return printJson(task)
      console.log(taskTree(task))
      for (const { path, reason } of task.degraded ?? []) console.log(`degraded: ${path}: ${reason}`)
      const outcome = describeOutcome(task)
      if (outcome) console.log(outcome)
      else if (task.estimate && !task.endedAt) console.log(describeEstimate(task.estimate))
      if (task.budget) console.log(describeBudget(task.budget))
      if (task.parent) console.log(`runs step ${task.parent.path} of ${task.parent.taskId}`)
      if (task.execution.consoleUrl) console.log(`watch: ${task.execution.consoleUrl}`)
      if (task.error) console.log(`\n${task.error.name}: ${task.error.message}`)
    })
}
