import { Command } from 'commander'
import type { QuotaUse, UsageView } from '../../shared/contracts/usage-views.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { bar } from '../show/bar.ts'
import { duration } from '../show/duration.ts'
import { usd } from '../show/money.ts'
import { say, statusMark, style } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { print, printJson } from '../show/terminal.ts'

type Options = { month?: string; tenant?: string; json?: boolean }

const NAMES: Readonly<Record<QuotaUse['quota'], string>> = {
  requestsPerMinute: 'requests a minute',
  tasksPerDay: 'tasks a day',
  concurrency: 'tasks at once',
  usdPerMonth: 'USD a month',
  agents: 'agents',
  workflows: 'workflows',
  keys: 'live keys',
}
/** What becomes of more, where it is not refused. */
const BEYOND: Partial<Record<QuotaUse['quota'], string>> = {
  concurrency: 'are queued',
}
/** From this share on a quota is warned of. */
const NEAR = 0.8
const BAR = 16

export function usageCommand(): Command {
  return new Command('usage')
    .description('What your tenant has used of its quotas, and what for')
    .option('-m, --month <month>', 'the month of the money, e.g. 2026-11; this one by default', month)
    .option('--tenant <name>', 'another tenant; for callers of `default` with the scope admin')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator usage\n  npx orchestrator usage --month 2026-10\n  npx orchestrator usage --tenant acme --json',
    )
    .action(async ({ json = false, ...asked }: Options) => {
      const usage = await callApi('getUsage', asked)
      if (json) printJson(usage)
      else printUsage(usage)
    })
}

function month(text: string): string {
  if (/^2\d{3}-(0[1-9]|1[0-2])$/.test(text)) return text
  throw new CliError(`--month is written like 2026-11; this is "${text}"`)
}

function printUsage({ tenant, month: of, at, quotas, allowed, tasks, money, models }: UsageView): void {
  say(`tenant ${tenant}, ${of} (UTC)\n`)
  printTable(
    ['quota', '', 'used', 'limit', 'anew in'],
    quotas.map((use) => rowOf(use, at)),
  )
  const warnings = quotas.flatMap(warningOf)
  if (warnings.length > 0) print('')
  for (const warning of warnings) say(style('yellow', `! ${warning}`), 2)
  if (allowed?.agents) say(`\nagents of the stage: ${allowed.agents.join(', ') || 'none'}`)
  if (allowed?.capabilities) say(`\ncapabilities of the stage: ${allowed.capabilities.join(', ') || 'none'}`)
  const counts = tasks.byStatus.map(({ status, count }) => `${statusMark(status)} ${count} ${status}`)
  say(`\ntasks today: ${counts.join('  ') || 'none'}${tasks.more ? ' (or more)' : ''}`)
  if (money && money.byDay.length > 0) printDays(money.byDay)
  if (models.length === 0) return
  print('')
  printTable(
    ['model, 30 days', 'calls', 'tokens', 'cost'],
    models.map(({ name, used }) => [
      name,
      grouped(used.calls),
      grouped(used.inputTokens + used.outputTokens + used.cacheReadTokens + used.cacheWriteTokens),
      usd(used.costUsd),
    ]),
  )
}

/** What counts against the limit. */
const against = ({ used, reserved = 0 }: QuotaUse): number => used + reserved

function rowOf(use: QuotaUse, at: string): string[] {
  const { quota, used, reserved = 0, limit, resetsAt } = use
  const told = (value: number): string => (quota === 'usdPerMonth' ? value.toFixed(2) : grouped(value))
  const share = limit === undefined ? undefined : limit === 0 ? 1 : against(use) / limit
  const left = resetsAt === undefined ? 0 : Date.parse(resetsAt) - Date.parse(at)
  return [
    NAMES[quota],
    share === undefined ? '' : bar(share, BAR, share >= 1 ? 'red' : share >= NEAR ? 'yellow' : 'green'),
    reserved > 0 ? `${told(used)} + ${told(reserved)} held` : told(used),
    limit === undefined ? 'none' : told(limit),
    left > 0 ? duration(left) : '',
  ]
}

function warningOf(use: QuotaUse): string[] {
  const { quota, limit, unknown = 0 } = use
  const lost =
    unknown > 0 ? [`${usd(unknown)} of it was held by steps that have died, which may have cost less`] : []
  if (limit === undefined || limit === 0 || against(use) < NEAR * limit) return lost
  const percent = Math.floor((100 * against(use)) / limit)
  return [
    `${NAMES[quota]}: ${percent} % of the quota${percent >= 100 ? `, more ${BEYOND[quota] ?? 'is refused'}` : ''}`,
    ...lost,
  ]
}

function printDays(days: readonly { day: string; usd: number }[]): void {
  const most = Math.max(...days.map((one) => one.usd))
  print('')
  printTable(
    ['day', '', 'cost'],
    days.map((one) => [one.day, bar(most === 0 ? 0 : one.usd / most, BAR, 'cyan'), usd(one.usd)]),
  )
}

const grouped = (count: number): string => count.toLocaleString('en-US')
