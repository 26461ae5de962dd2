import { Command } from 'commander'
import type { OutputOf } from '../../shared/client/index.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { TASK_STATUSES } from '../../shared/domain/task.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { choiceOption, momentOption, pairOption, parseTaskId, wholeOption } from '../input/parse-options.ts'
import { shortDuration } from '../show/duration.ts'
import { lineWidth } from '../show/layout.ts'
import { say } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { print, printJson } from '../show/terminal.ts'
import { stringWidth } from '../show/width.ts'

type Options = Omit<Filter, 'metadata' | 'id'> & {
  metadata: [string, string][]
  limit: number
  cursor?: string
  json?: boolean
}
type Filter = {
  status?: (typeof TASK_STATUSES)[number]
  workflow?: string
  workflowVersion?: number
  type?: string
  from?: string
  to?: string
  metadata?: string
  id?: string | undefined
  parent?: string
  children?: boolean
}
type Page = OutputOf<'listTasks'>

export function listCommand(): Command {
  return new Command('list')
    .description('List tasks, newest first')
    .argument('[id]', 'the beginning of a task id', parseBeginning)
    .option(
      '-s, --status <status>',
      `only those: ${TASK_STATUSES.join(', ')}`,
      choiceOption('--status', TASK_STATUSES),
    )
    .option('-w, --workflow <name>', 'only of this workflow')
    .option(
      '--workflow-version <n>',
      'only of this version of it',
      wholeOption('--workflow-version', 1, 999_999_999),
    )
    .option('-t, --type <type>', 'only of this type')
    .option(
      '--from <time>',
      'only created then or later: a time, or how long ago (2h, 7d)',
      momentOption('--from'),
    )
    .option('--to <time>', 'only created before', momentOption('--to'))
    .option(
      '-m, --metadata <name=value>',
      'only with this metadata; repeatable',
      pairOption('--metadata', 'name=value'),
      [] as [string, string][],
    )
    .option('-p, --parent <taskId>', 'only those that run steps of this task', parseTaskId)
    .option(
      '--children',
      'tasks that run a step of another one, too; with --status waiting they are listed anyway',
    )
    .option('-n, --limit <n>', 'how many, at most 100', wholeOption('--limit', 1, 100), 20)
    .option('--cursor <cursor>', 'go on after a page')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator list --status failed --from 24h\n  npx orchestrator list --metadata team=research --workflow report\n  npx orchestrator list --parent t_01...',
    )
    .action(async (id: string | undefined, options: Options, command: Command) => {
      const { limit, cursor, json = false, metadata, ...rest } = options
      const filter: Filter = { ...rest, id, ...(metadata.length > 0 ? { metadata: pairsOf(metadata) } : {}) }
      const page = await fullPage(filter, limit, cursor)
      if (json) return printJson(page)
      if (page.tasks.length > 0) printTasks(page)
      else if (!page.cursor) return say(describeNone(filter))
      if (page.cursor) tellMore(page, [...(id ? [id] : []), ...optionsOf(command)])
    })
}

/** The most pages that one call reads: a page may be short when its filter rejects most tasks. */
const MOST_PAGES = 25

async function fullPage(
  { workflowVersion, ...filter }: Filter,
  limit: number,
  cursor?: string,
): Promise<Page> {
  const tasks: Page['tasks'] = []
  let next = cursor
  for (let page = 0; page < MOST_PAGES; page++) {
    const rest = limit - tasks.length
    const found = await callApi('listTasks', {
      ...filter,
      version: workflowVersion,
      limit: rest,
      cursor: next,
    })
    tasks.push(...found.tasks)
    next = found.cursor
    if (!next || tasks.length >= limit) break
  }
  return { tasks, ...(next ? { cursor: next } : {}) }
}

function printTasks({ tasks }: Page): void {
  const withParents = tasks.some(({ parent }) => parent !== undefined)
  const rows = tasks.map(({ taskId, status, workflow, createdAt, durationMs, parent }) => [
    taskId,
    status,
    workflow.name,
    ...(withParents ? [parent ? `${parent.path} of ${parent.taskId}` : ''] : []),
    `${createdAt.slice(0, 16)}Z`,
    // Without `so far`, which the status says: a row has to fit into 80 columns.
    shortDuration(durationMs ?? Math.max(0, Date.now() - Date.parse(createdAt))),
  ])
  printTable(['task', 'status', 'workflow', ...(withParents ? ['runs step'] : []), 'created', 'took'], rows)
}

function describeNone(filter: Filter): string {
  const { status, ...others } = filter
  if (Object.values(others).some((value) => value !== undefined)) return 'no tasks are like that'
  return status ? `no tasks are ${status}` : 'no tasks yet; submit one with: npx orchestrator submit simple'
}

/** Prints the command for the next page: the same words with its cursor, wrapped to the terminal's width. */
function tellMore({ cursor = '' }: Page, words: readonly string[]): void {
  const lines = ['more: npx orchestrator list']
  for (const word of [...words, '--cursor', cursor].map(shellWord)) {
    const longer = `${lines.at(-1)} ${word}`
    if (stringWidth(longer) + 2 <= lineWidth()) lines[lines.length - 1] = longer
    else lines.push(`  ${word}`)
  }
  print(lines.join(' \\\n'))
}

/** The options that were given, as words, without the cursor. */
function optionsOf(command: Command): string[] {
  return command.options.flatMap((option) => {
    const name = option.attributeName()
    if (name === 'cursor' || command.getOptionValueSource(name) !== 'cli') return []
    const value: unknown = command.getOptionValue(name)
    const flag = option.long ?? ''
    if (value === true) return [flag]
    const values: unknown[] = Array.isArray(value) ? value : [value]
    return values.flatMap((one) => [flag, Array.isArray(one) ? one.join('=') : String(one)])
  })
}

/** Pairs in the API's format: commas, equals signs and backslashes escaped. */
const pairsOf = (pairs: readonly [string, string][]): string =>
  pairs
    .map((pair) => pair.map((text, at) => text.replace(at === 0 ? /[,=\\]/g : /[,\\]/g, '\\$&')).join('='))
    .join(',')

/** A task id, or its beginning with or without `t_`. */
function parseBeginning(text: string): string {
  const id = text.startsWith('t_') ? text : `t_${text}`
  if (/^t_[0-9a-z]{0,26}$/.test(id)) return id
  throw new CliError(`"${text}" is not the beginning of a task id, which is t_ and 26 characters (0-9, a-z)`)
}
