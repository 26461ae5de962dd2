import { createHash } from 'node:crypto'
import { Command } from 'commander'
import { type AuditEntry, ChainCheck, type ChainEnd } from '../../shared/domain/audit.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { wholeOption } from '../input/parse-options.ts'
import { say, style } from '../show/output.ts'
import { printJson } from '../show/terminal.ts'

type Options = { limit: number; from?: number; verify?: boolean; kept: ChainEnd[]; json?: boolean }

/** The most entries that the API gives at once. */
const MOST_OF_PAGE = 100

export function auditCommand(): Command {
  return new Command('audit')
    .description('Show what callers have changed, or tried to, and check that nothing of it was altered')
    .option('-n, --limit <n>', 'how many, at most 100', wholeOption('--limit', 1, MOST_OF_PAGE), 20)
    .option('--from <sequence>', 'go on from this entry, back in time', wholeOption('--from', 1, 999_999_999))
    .option(
      '--verify',
      'check the whole chain; names the first entry that was altered, removed or put in between',
    )
    .option(
      '--kept <sequence:hash>',
      'an end of the chain that you have kept, to check against; may be repeated',
      keptOption,
      [],
    )
    .option('--json', 'print JSON; with --verify: how many entries, the end, the fault')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator audit --limit 50\n  npx orchestrator audit --verify\n  npx orchestrator audit --verify --kept 1200:9f2c...',
    )
    .action(async ({ verify = false, kept, json = false, limit, from }: Options) => {
      if (verify) return verifyChain(kept, json)
      if (kept.length > 0) throw new CliError('--kept is for --verify')
      const page = await callApi('listAudit', { limit, from })
      if (json) return printJson(page)
      if (page.entries.length === 0) return say('nothing was changed yet')
      for (const entry of page.entries) for (const line of linesOf(entry)) say(line, 2)
      if (page.next !== null)
        say(style('dim', `more: npx orchestrator audit --limit ${limit} --from ${page.next}`))
    })
}

function keptOption(text: string, before: ChainEnd[]): ChainEnd[] {
  const [, sequence, hash] = /^(\d{1,9}):([0-9a-f]{64})$/.exec(text) ?? []
  if (sequence === undefined || hash === undefined)
    throw new CliError(
      `--kept is a number and a hash as --verify prints them, with a colon between; this is "${text}"`,
    )
  return [...before, { sequence: Number(sequence), hash }]
}

async function verifyChain(kept: readonly ChainEnd[], json: boolean): Promise<void> {
  const check = new ChainCheck((text) => createHash('sha256').update(text).digest('hex'), kept)
  const isShown = process.stderr.isTTY && !json
  let fault: ReturnType<ChainCheck['end']>
  for (let from: number | null = 1; from !== null && fault === undefined; ) {
    const page: { entries: AuditEntry[]; next: number | null } = await callApi('listAudit', {
      order: 'oldest',
      from,
      limit: MOST_OF_PAGE,
    })
    fault = check.check(page.entries)
    from = page.next
    if (isShown) process.stderr.write(`\r${check.last.sequence} entries checked`)
  }
  if (isShown) process.stderr.write('\n')
  fault ??= check.end()
  const { sequence: entries, hash } = check.last
  if (json)
    printJson({
      whole: fault === undefined,
      entries,
      ...(entries > 0 ? { end: `${entries}:${hash}` } : {}),
      ...(fault ? { fault } : {}),
    })
  if (fault)
    throw new CliError(
      json ? '' : `the chain is broken at entry ${fault.sequence}: ${fault.what}`,
      EXIT.taskFailed,
    )
  if (json) return
  say(`${entries} ${entries === 1 ? 'entry' : 'entries'}, whole`)
  if (entries > 0) say(`keep its end elsewhere, to check against: --kept ${entries}:${hash}`)
}

function linesOf({ sequence, at, subject, action, resource, outcome, status, error }: AuditEntry): string[] {
  const ended =
    outcome === 'done' ? outcome : style('red', [outcome, error ?? status].filter(Boolean).join(' '))
  return [
    `${style('bold', String(sequence))}  ${at}  ${action}  ${ended}`,
    `  ${resource}`,
    `  ${style('dim', subject)}`,
  ]
}
