import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import type { LogLineView } from '../../shared/contracts/log-views.ts'
import { callApi, callPages } from '../api-client.ts'
import { momentOption, parseTaskId } from '../input/parse-options.ts'
import { logLine } from '../show/log-line.ts'
import { printJson, say } from '../show/output.ts'

type Options = { step?: string; since?: string; follow?: boolean; json?: boolean }

const PAUSE_MILLISECONDS = 1_000
/** Lines come late, and those of several functions not in order: what is written in this time is asked for again. */
const LATE_MILLISECONDS = 15_000
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
      '\nExamples:\n  orchestrator logs t_01... --follow\n  orchestrator logs t_01... --step each[17] --since 10m',
    )
    .action(logs)
}

async function logs(id: string, { step, since, follow = false, json = false }: Options): Promise<void> {
  const seen = new Set<string>()
  let from = since === undefined ? undefined : new Date(since).toISOString()
  for (;;) {
    // Asked before the lines: what is written until the end is among them.
    const isOpen = follow && OPEN.includes((await callApi('getTaskStatus', { id })).status)
    let last = from
    for await (const page of callPages('listTaskLogs', { id, step, since: from })) {
      for (const line of page.logs) {
        if (!seen.has(line.id)) print(line, json)
        seen.add(line.id)
        last = line.time
      }
    }
    if (!isOpen) break
    const late = last === undefined ? undefined : new Date(Date.parse(last) - LATE_MILLISECONDS).toISOString()
    if (late !== undefined && (from === undefined || late > from)) from = late
    await delay(PAUSE_MILLISECONDS)
  }
  if (seen.size === 0 && !json) say('No lines: nothing was logged, or the logs are no longer kept.')
}

function print(line: LogLineView, json: boolean): void {
  if (json) return printJson(line)
  for (const text of logLine(line)) say(text, 6)
}
