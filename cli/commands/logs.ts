import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import type { LogLineView } from '../../shared/contracts/log-views.ts'
import { callApi, callPages, isLocal } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { momentOption, parseTaskId } from '../input/parse-options.ts'
import { followLogs } from '../show/follow-logs.ts'
import { logLine } from '../show/log-line.ts'
import { say } from '../show/output.ts'
import { printError, printJson } from '../show/terminal.ts'

type Options = { step?: string; since?: string; follow?: boolean; json?: boolean }

/** CloudWatch has lines some seconds after they were written; a laptop has them at once. */
const REST_MILLISECONDS = 15_000
/** Too many requests, and a service that is throttled or does not answer. */
const PASSING = [429, 503]
const OPEN = ['queued', 'planning', 'running', 'waiting']

export function logsCommand(): Command {
  return new Command('logs')
    .description('Show what agents and the orchestrator have logged about a task, in order')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option('-s, --step <stepId>', 'only of this step; of a fan-out or a loop also what is in it')
    .option('--since <time>', 'only from then on: 90s, 10m, 2h ago, or a time', momentOption('--since'))
    .option('-f, --follow', 'go on until the task has ended')
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      "\nExamples:\n  npx orchestrator logs t_01... --follow\n  npx orchestrator logs t_01... --step 'each[17]' --since 10m",
    )
    .action(logs)
}

async function logs(id: string, { step, since, follow = false, json = false }: Options): Promise<void> {
  const unreadable = new Set<string>()
  const lines = followLogs(
    {
      isOpen: async () => OPEN.includes((await callApi('getTaskStatus', { id })).status),
      pages: (from) => readable(callPages('listTaskLogs', { id, step, since: from }), unreadable),
      mayPass: (error) => error instanceof CliError && PASSING.includes(error.problem?.status ?? 0),
      now: Date.now,
      pause: delay,
    },
    {
      since: since === undefined ? undefined : new Date(since).toISOString(),
      follow,
      restMilliseconds: (await isLocal()) ? 0 : REST_MILLISECONDS,
    },
  )
  let isEmpty = true
  for await (const line of lines) {
    printLine(line, json)
    isEmpty = false
  }
  // Throws for an item or a round that the task does not have; the logs do not know how many there are.
  if (isEmpty && step !== undefined) await callApi('getTaskStep', { id, stepId: step })
  if (isEmpty && !json && unreadable.size === 0)
    say('No lines: nothing was logged, or the logs are no longer kept.')
}

/** The same pages; functions whose logs may not be read are told once. */
async function* readable<Page extends { unreadable?: string[] | undefined }>(
  pages: AsyncIterable<Page>,
  told: Set<string>,
): AsyncGenerator<Page> {
  for await (const page of pages) {
    for (const name of page.unreadable ?? []) {
      if (!told.has(name))
        printError(
          `the API may not read the log of ${name}: its lines are missing here (logs:FilterLogEvents)`,
        )
      told.add(name)
    }
    yield page
  }
}

function printLine(line: LogLineView, json: boolean): void {
  if (json) return printJson(line)
  for (const text of logLine(line)) say(text, 6)
}
