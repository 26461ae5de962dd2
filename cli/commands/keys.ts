import { Command } from 'commander'
import type { KeyView, NewKeyView } from '../../shared/contracts/key-requests.ts'
import { SCOPES, type Scope } from '../../shared/domain/caller.ts'
import { callApi } from '../api-client.ts'
import { choiceOption, timeOption, wholeOption } from '../input/parse-options.ts'
import { say, style } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { print, printError, printJson } from '../show/terminal.ts'
import { visible } from '../show/visible.ts'

const DAY_MILLISECONDS = 86_400_000
const MINUTE_SECONDS = 60
const JSON_OPTION = ['--json', 'print JSON'] as const

export function keysCommand(): Command {
  return new Command('keys')
    .description('API keys of your tenant: make, list, revoke, rotate')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator keys create ci --scope tasks:write --days 30\n  npx orchestrator keys list\n  npx orchestrator keys rotate <id> --overlap 60',
    )
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
    .addCommand(rotateCommand())
}

type Create = { scope: Scope[]; days?: number; until?: string; json?: boolean }

function createCommand(): Command {
  const parse = choiceOption('--scope', SCOPES)
  return new Command('create')
    .description('Make a key; it is shown once')
    .argument('<name>', 'what it is for')
    .requiredOption(
      '-s, --scope <scope...>',
      `what its holder may do: ${SCOPES.join(', ')}`,
      (text: string, before: Scope[] = []) => [...before, parse(text)],
    )
    .option('--days <n>', 'for how long it is valid; 90 by default', wholeOption('--days', 1, 366))
    .option('--until <time>', 'the same as a time', timeOption('--until'))
    .option(...JSON_OPTION)
    .action(async (name: string, { scope: scopes, days, until, json = false }: Create) => {
      const byDays =
        days === undefined ? undefined : new Date(Date.now() + days * DAY_MILLISECONDS).toISOString()
      tellNew(await callApi('createKey', { name, scopes, expiresAt: until ?? byDays }), json)
    })
}

function listCommand(): Command {
  return new Command('list')
    .description('The keys of your tenant, oldest first; what a key has made stands under it')
    .option(...JSON_OPTION)
    .action(async ({ json = false }: { json?: boolean }) => {
      const { keys } = await callApi('listKeys', {})
      if (json) return printJson({ keys })
      if (keys.length === 0) return print('no keys yet')
      printTable(
        ['id', 'name', 'status', 'scopes', 'valid until', 'last used', 'made by'],
        inTree(keys).map(rowOf),
      )
    })
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('Revoke a key and what it has made: they are refused within a minute')
    .argument('<id>')
    .option(...JSON_OPTION)
    .action(async (id: string, { json = false }: { json?: boolean }) => {
      const key = await callApi('revokeKey', { id })
      if (json) return printJson(key)
      const { alsoRevoked } = key
      say(`${key.id} (${key.name}) is revoked; doors refuse it within a minute`)
      if (alsoRevoked.length > 0) say(`and what it has made: ${alsoRevoked.join(', ')}`)
    })
}

function rotateCommand(): Command {
  return new Command('rotate')
    .description('Make the successor of a key; the former one stays valid for a while')
    .argument('<id>')
    .option(
      '--overlap <minutes>',
      'for how long the former one stays valid; a day by default',
      wholeOption('--overlap', 0, 7 * 24 * 60),
    )
    .option(...JSON_OPTION)
    .action(async (id: string, { overlap, json = false }: { overlap?: number; json?: boolean }) => {
      const overlapSeconds = overlap === undefined ? undefined : overlap * MINUTE_SECONDS
      tellNew(await callApi('rotateKey', { id, overlapSeconds }), json)
    })
}

/** The key alone goes to stdout, so that a script can take it. */
function tellNew(made: NewKeyView, json: boolean): void {
  if (json) return printJson(made)
  const { key, name, scopes, expiresAt } = made
  printError(`${name}: ${scopes.join(', ')}, valid until ${expiresAt}; it is shown this once`)
  print(style('bold', key))
}

type InTree = KeyView & { depth: number }

/** Each key under the one that has made it, where that is there too. */
function inTree(keys: readonly KeyView[]): InTree[] {
  const ids = new Set(keys.map(({ id }) => id))
  const below = Map.groupBy(keys, ({ madeBy }) => (madeBy !== undefined && ids.has(madeBy) ? madeBy : ''))
  const from = (maker: string, depth: number): InTree[] =>
    (below.get(maker) ?? []).flatMap((key) => [{ ...key, depth }, ...from(key.id, depth + 1)])
  return from('', 0)
}

const rowOf = ({
  id,
  depth,
  name,
  status,
  scopes,
  expiresAt,
  lastUsedAt = 'never',
  replacedBy,
  createdBy,
}: InTree) => [
  `${'  '.repeat(depth)}${id}`,
  name,
  replacedBy === undefined ? status : `${status}, replaced by ${replacedBy}`,
  scopes.join(' '),
  expiresAt.slice(0, 16),
  lastUsedAt.slice(0, 16),
  visible(createdBy),
]
