import { Command } from 'commander'
import type { InputOf } from '../../shared/client/index.ts'
import { AUDIT_OUTCOMES, type AuditEntry, type ChainEnd } from '../../shared/domain/audit.ts'
import { callApi } from '../api-client.ts'
import { verifyChain } from '../audit/verify-chain.ts'
import { CliError } from '../cli-error.ts'
import { choiceOption, momentOption, wholeOption } from '../input/parse-options.ts'
import { say, style } from '../show/output.ts'
import { jsonLine, print, printJson } from '../show/terminal.ts'

type Filter = Pick<InputOf<'listAudit'>, 'subject' | 'action' | 'resource' | 'outcome' | 'since' | 'until'>
type Options = Filter & {
  limit: number
  from?: number
  all?: boolean
  verify?: boolean
  kept: ChainEnd[]
  anchors?: string
  anchorKey: string[]
  json?: boolean
}

/** The most entries that the API gives at once. */
const MOST_OF_PAGE = 100

export function auditCommand(): Command {
  return new Command('audit')
    .description('Show what callers have changed, or tried to, and check that nothing of it was altered')
    .option('-n, --limit <n>', 'how many, at most 100', wholeOption('--limit', 1, MOST_OF_PAGE), 20)
    .option('--from <sequence>', 'go on from this entry, back in time', wholeOption('--from', 1, 999_999_999))
    .option('--subject <subject>', 'only what this caller has asked for')
    .option('--action <action>', 'only this action: the id of a route, such as cancelTask')
    .option('--resource <path>', 'only of this resource and those below it, such as tasks/t_01...')
    .option('--outcome <outcome>', AUDIT_OUTCOMES.join(', '), choiceOption('--outcome', AUDIT_OUTCOMES))
    .option('--since <time>', 'only from then on: 90s, 10m, 2h, 7d ago, or a time', momentOption('--since'))
    .option('--until <time>', 'only before then', momentOption('--until'))
    .option('--all', 'all that fit, the oldest first; with --json: an entry a line')
    .option(
      '--verify',
      'check the whole chain; names the first entry that was altered, removed or put in between, and the first anchor that it does not fit',
    )
    .option(
      '--kept <sequence:hash>',
      'an end of the chain that you have kept, to check against; may be repeated',
      keptOption,
      [],
    )
    .option(
      '--anchors <folder>',
      'check against a copy of the bucket of anchors instead of those that the API gives',
    )
    .option(
      '--anchor-key <key>',
      'the public key that must have signed them, base64 or a file (PEM), instead of the one that the API tells; may be repeated',
      (text: string, before: string[]) => [...before, text],
      [],
    )
    .option('--json', 'print JSON; with --verify: how many entries and anchors, the end, the fault')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator audit --limit 50\n  npx orchestrator audit --resource tasks/t_01... --since 7d\n  npx orchestrator audit --all --json > audit.jsonl\n  npx orchestrator audit --verify\n  npx orchestrator audit --verify --kept 1200:9f2c...\n  npx orchestrator audit --verify --anchors anchors --anchor-key anchors.pem',
    )
    .action(audit)
}

async function audit(options: Options): Promise<void> {
  const { verify = false, kept, anchors, anchorKey, json = false, limit, from, all = false } = options
  const { subject, action, resource, outcome, since, until } = options
  const filter = { subject, action, resource, outcome, since, until }
  if (verify) {
    const given = Object.entries({ ...filter, all: all || undefined }).find(
      ([, value]) => value !== undefined,
    )
    if (given) throw new CliError(`--verify checks the whole chain; leave out --${given[0]}`)
    return verifyChain({ kept, folder: anchors, keys: anchorKey, json })
  }
  if (kept.length > 0) throw new CliError('--kept is for --verify')
  if (anchors !== undefined) throw new CliError('--anchors is for --verify')
  if (anchorKey.length > 0) throw new CliError('--anchor-key is for --verify')
  if (all) return showAll(filter, from, json)
  const page = await callApi('listAudit', { ...filter, limit, from })
  if (json) return printJson(page)
  for (const entry of page.entries) showEntry(entry)
  if (page.incomplete) say('what was done within the last minutes may be missing')
  if (page.next === null && page.entries.length === 0)
    return say(Object.values(filter).some(Boolean) ? 'nothing fits' : 'nothing was changed yet')
  if (page.next !== null)
    say(style('dim', `more: npx orchestrator audit ${again(filter)}--limit ${limit} --from ${page.next}`))
}

/** Oldest first: what is appended meanwhile comes at the end. */
async function showAll(filter: Filter, given: number | undefined, json: boolean): Promise<void> {
  for (let from: number | null = given ?? 1; from !== null; ) {
    const page: { entries: AuditEntry[]; next: number | null } = await callApi('listAudit', {
      ...filter,
      order: 'oldest',
      from,
      limit: MOST_OF_PAGE,
    })
    for (const entry of page.entries) {
      if (json) print(jsonLine(entry))
      else showEntry(entry)
    }
    from = page.next
  }
}

/** The options of a filter, for the next page. */
const again = (filter: Filter): string =>
  Object.entries(filter)
    .flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${JSON.stringify(value)} `]))
    .join('')

function keptOption(text: string, before: ChainEnd[]): ChainEnd[] {
  const [, sequence, hash] = /^(\d{1,9}):([0-9a-f]{64})$/.exec(text) ?? []
  if (sequence === undefined || hash === undefined)
    throw new CliError(
      `--kept is a number and a hash as --verify prints them, with a colon between; this is "${text}"`,
    )
  return [...before, { sequence: Number(sequence), hash }]
}

function showEntry(entry: AuditEntry): void {
  for (const line of linesOf(entry)) say(line, 2)
}

function linesOf(entry: AuditEntry): string[] {
  const { sequence, at, subject, action, resource, outcome, status, error, repeated } = entry
  const ended =
    outcome === 'done' ? outcome : style('red', [outcome, error ?? status].filter(Boolean).join(' '))
  const more = repeated === undefined ? '' : `  ${repeated} more within this minute`
  return [
    `${style('bold', String(sequence))}  ${at}  ${action}  ${ended}${more}`,
    `  ${resource}`,
    `  ${style('dim', subject)}`,
  ]
}
