import { Command } from 'commander'
import { TASK_STATUSES } from '../../shared/domain/task.ts'
import { callApi } from '../api-client.ts'
import { choiceOption, wholeOption } from '../input/parse-options.ts'
import { elapsed, printJson, say } from '../show/output.ts'
import { printTable } from '../show/table.ts'

type Options = { status?: (typeof TASK_STATUSES)[number]; limit: number; cursor?: string; json?: boolean }

export function listCommand(): Command {
  return new Command('list')
    .description('List tasks, newest first')
    .option(
      '-s, --status <status>',
      `only those: ${TASK_STATUSES.join(', ')}`,
      choiceOption('--status', TASK_STATUSES),
    )
    .option('-n, --limit <n>', 'how many, at most 100', wholeOption('--limit', 1, 100), 20)
    .option('--cursor <cursor>', 'go on after a page')
    .option('--json', 'print JSON')
    .action(async ({ status, limit, cursor, json = false }: Options) => {
      const page = await callApi('listTasks', { status, limit, cursor })
      if (json) return printJson(page)
      if (page.tasks.length === 0)
        return say(
          status ? `no tasks are ${status}` : 'no tasks yet; submit one with: npx orchestrator submit simple',
        )
      const rows = page.tasks.map((task) => [
        task.taskId,
        task.status,
        task.workflow.name,
        `${task.createdAt.slice(0, 16)}Z`,
        elapsed({ durationMs: task.durationMs, since: task.createdAt }),
      ])
      printTable(['task', 'status', 'workflow', 'created', 'took'], rows)
      if (!page.cursor) return
      // The command for the next page, with a line continuation.
      const same = `${status ? `--status ${status} ` : ''}--limit ${limit}`
      console.log(`more: npx orchestrator list ${same} \\\n  --cursor '${page.cursor}'`)
    })
}
