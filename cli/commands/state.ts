import { Command } from 'commander'
import type { StateVersionView } from '../../shared/contracts/state-views.ts'
import { boundedText } from '../../shared/domain/bounded.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { parseTaskId, timeOption, wholeOption } from '../input/parse-options.ts'
import { readJsonOption } from '../input/read-json-option.ts'
import { jsonDiff } from '../show/json-diff.ts'
import { bytesOf, say, style } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { print, printJson } from '../show/terminal.ts'

const JSON_OPTION = ['--json', 'print JSON'] as const

/** Characters of a value in the table. */
const MOST_VALUE = 80
/** Versions of a history, where none are asked for. */
const SOME_VERSIONS = 20

export function stateCommand(): Command {
  return new Command('state')
    .description('The shared state of a task: show it, write it, put it back')
    .addHelpText(
      'after',
      `
Examples:
  npx orchestrator state t_01...
  npx orchestrator state t_01... findings --history --diff
  npx orchestrator state set t_01... limit 5
  npx orchestrator state restore t_01... --at 2026-11-24T09:30:00Z`,
    )
    .addCommand(showCommand(), { isDefault: true })
    .addCommand(setCommand())
    .addCommand(snapshotCommand())
    .addCommand(restoreCommand())
}

type Show = { history?: boolean; diff?: boolean; limit?: number; version?: number; json?: boolean }

function showCommand(): Command {
  return new Command('show')
    .description('All keys with their newest values, or one key; `state <taskId>` is the same')
    .argument('<taskId>', 'of the task', parseTaskId)
    .argument('[key]', 'only this key, with its whole value')
    .option('--history', 'the versions of the key, the newest first')
    .option('--diff', 'the same, each with what it has changed')
    .option('--limit <n>', 'how many versions; 20 by default', wholeOption('--limit', 1, 10_000))
    .option('--version <n>', 'this version of the key', wholeOption('--version', 1, 10_000))
    .option(...JSON_OPTION)
    .action(async (id: string, key: string | undefined, options: Show) => {
      const { history = false, diff = false, version, json = false } = options
      if (key === undefined) return showAll(id, json)
      if (history || diff) return showHistory(id, key, options)
      const found = await callApi('getTaskStateKey', { id, key, version })
      if (json) return printJson(found)
      say(style('dim', describe(found)))
      printJson(found.value ?? null, 2)
    })
}

async function showAll(id: string, json: boolean): Promise<void> {
  const state = await callApi('getTaskState', { id })
  if (json) return printJson(state)
  if (state.keys.length === 0) return print('no shared state')
  printTable(['key', 'version', 'written', 'by', 'value'], state.keys.map(rowOf))
}

const rowOf = ({ key, version, at, by, value, bytes }: StateVersionView): string[] => [
  key,
  String(version),
  timeOf(at),
  by === undefined ? '' : writerOf(by),
  value === undefined ? leftOut(bytes) : boundedText(JSON.stringify(value), MOST_VALUE),
]

async function showHistory(
  id: string,
  key: string,
  { diff = false, limit, json = false }: Show,
): Promise<void> {
  const versions: StateVersionView[] = []
  // One more, which the last one is compared with.
  const most = (limit ?? SOME_VERSIONS) + 1
  let before: number | undefined
  do {
    const page = await callApi('listTaskStateHistory', {
      id,
      key,
      before,
      limit: Math.min(100, most - versions.length),
    })
    versions.push(...page.versions)
    before = page.before
  } while (before !== undefined && versions.length < most)
  const shown = versions.slice(0, most - 1)
  if (json) return printJson({ taskId: id, key, versions: shown })
  if (!diff) return printTable(['key', 'version', 'written', 'by', 'value'], shown.map(rowOf))
  for (const [at, version] of shown.entries()) {
    say(style('bold', describe(version)))
    for (const line of jsonDiff(versions[at + 1]?.value ?? null, version.value ?? null)) print(line)
  }
}

const leftOut = (bytes: number | undefined): string =>
  bytes === undefined ? '' : `${bytesOf(bytes)}: show the key alone`

function describe({ key, version, at, by, value, restored }: StateVersionView): string {
  if (by === undefined) return `${key}: the initial value of the workflow`
  const how = value === undefined ? ', removed' : restored === undefined ? '' : `, as version ${restored} was`
  return `${key}: version ${version} by ${writerOf(by)} at ${timeOf(at)}${how}`
}

function writerOf(by: NonNullable<StateVersionView['by']>): string {
  if ('path' in by) return by.attempt === 1 ? by.path : `${by.path} (attempt ${by.attempt})`
  return 'subject' in by ? by.subject : `fork of ${by.forkedFrom}`
}

const timeOf = (at: string | undefined): string => (at ?? '').slice(0, 23).replace('T', ' ')

function setCommand(): Command {
  return new Command('set')
    .description('Write a value into the shared state of a task that runs')
    .argument('<taskId>', 'of the task', parseTaskId)
    .argument('<key>', 'of the shared state')
    .argument('<json>', 'the value, as JSON, or @<file>')
    .option(
      '--if-version <n>',
      'only where this is still the newest version; 0: where there is none',
      wholeOption('--if-version', 0, 10_000),
    )
    .option(...JSON_OPTION)
    .action(async (id: string, key: string, text: string, { ifVersion, json = false }) => {
      const value = await readJsonOption(text, '<json>')
      const ifMatch = ifVersion === undefined ? undefined : String(ifVersion)
      const made = await callApi('putTaskStateKey', { id, key, value, ifMatch })
      if (json) printJson(made)
      else say(describe(made))
    })
}

function snapshotCommand(): Command {
  return new Command('snapshot')
    .description('Keep which version each key has now, to restore it later')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option(...JSON_OPTION)
    .action(async (id: string, { json = false }: { json?: boolean }) => {
      const snapshot = await callApi('makeStateSnapshot', { id })
      if (json) return printJson(snapshot)
      say(snapshot.id)
    })
}

type Restore = { at?: string; snapshot?: string; json?: boolean }

function restoreCommand(): Command {
  return new Command('restore')
    .description('Put the shared state of a task that runs back, as new versions: it can be taken back')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option('--at <time>', 'to what it was then, e.g. 2026-11-24T09:30:00Z', timeOption('--at'))
    .option('--snapshot <id>', 'to what `state snapshot` has kept')
    .option(...JSON_OPTION)
    .action(async (id: string, { at, snapshot, json = false }: Restore) => {
      if ((at === undefined) === (snapshot === undefined))
        throw new CliError('say what it is put back to: one of --at <time> and --snapshot <id>')
      const { restored } = await callApi('restoreTaskState', { id, at, snapshot })
      if (json) return printJson({ taskId: id, restored })
      if (restored.length === 0) return print('nothing has changed since')
      for (const { key, from, version } of restored)
        say(
          from === 0
            ? `${key}: removed, as version ${version}`
            : `${key}: version ${version} is as version ${from} was`,
        )
    })
}
