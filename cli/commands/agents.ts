import { Command } from 'commander'
import type { AgentHealth, AgentView } from '../../shared/contracts/agent-views.ts'
import { suggestNames } from '../../shared/domain/nearest-names.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { describeNeeds } from '../show/describe-needs.ts'
import { describeValue } from '../show/describe-schema.ts'
import { duration } from '../show/duration.ts'
import { usd } from '../show/money.ts'
import { say, style } from '../show/output.ts'
import { fits, tableLines } from '../show/table.ts'
import { print, printJson } from '../show/terminal.ts'
import { watchTable } from '../show/watch-table.ts'
import { addCommand } from './agents-add.ts'

type Options = { capability?: string; watch?: boolean; json?: boolean }

/** The timeout of a request whose answer a second later would be another. */
const WATCH_SECONDS = 5
const HEADER = [
  'agent',
  'version',
  'status',
  'breaker',
  'inflight',
  'capability',
  'calls',
  'ok',
  'p50',
  'p95',
  'cost',
  'trend',
]

export function agentsCommand(): Command {
  return new Command('agents')
    .description('List agents and how they do, or show one')
    .argument('[agentId]')
    .option('-c, --capability <name>', 'only those that offer it')
    .option('-w, --watch', 'keep the table up to date until Ctrl-C')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator agents --watch\n  npx orchestrator agents --capability analysis.trends\n  npx orchestrator agents research\n  npx orchestrator agents reset research',
    )
    .action(async (agentId: string | undefined, options: Options) => {
      if (agentId !== undefined) return showAgent(agentId, options)
      return options.watch && !options.json ? watchAgents(options) : listAgents(options)
    })
    .addCommand(addCommand())
    .addCommand(resetCommand())
}

function resetCommand(): Command {
  return new Command('reset')
    .description('Forget how a repaired agent has done: statistics start anew, the circuit breaker closes')
    .argument('<agentId>')
    .option('--json', 'print JSON')
    .action(async (agentId: string, { json = false }: { json?: boolean }) => {
      const agent = await callApi('resetAgent', { id: agentId })
      if (json) return printJson(agent)
      say(
        `${agent.id} ${agent.version}: its statistics start anew, its breaker is ${agent.now?.breaker ?? 'closed'}`,
      )
    })
}

async function showAgent(agentId: string, { json = false }: Options): Promise<void> {
  const agent = await callApi('getAgent', { id: agentId })
  if (json) return printJson(agent)
  say(`${agent.id} ${agent.version} (${agent.status})\n${agent.description}\n${describeNow(agent.now)}`)
  if (agent.elsewhere) say(style('dim', describePlace(agent.elsewhere)))
  for (const line of describeNeeds(agent.needs)) say(style('dim', line))
  for (const { name, description, inputSchema, outputSchema } of agent.capabilities) {
    say(`${style('bold', name)}  ${description}`)
    const known = agent.health?.[name]
    if (known) say(`  ${sentenceOf(known)}`)
    for (const [title, schema] of [
      ['takes', inputSchema],
      ['returns', outputSchema],
    ] as const) {
      const lines = describeValue(schema)
      if (lines.length > 0) say(`  ${style('dim', title)}`)
      for (const line of lines) say(`    ${line}`)
    }
  }
}

/** Where an agent is that no function of ours hosts. */
const describePlace = (place: NonNullable<AgentView['elsewhere']>): string =>
  place.kind === 'lambda'
    ? `runs elsewhere: ${place.arn}`
    : `runs elsewhere: ${place.url}, ${place.secret === undefined ? 'not signed' : `signed with ${place.secret}`}`

/** Whether the agent gets calls (circuit breaker), and its current load. */
function describeNow(now: AgentView['now']): string {
  if (!now) return ''
  const { breaker, openUntil, inflight } = now
  const rests = breaker === 'open' ? `rests until ${openUntil}, having failed again and again` : undefined
  const asked = breaker === 'trial' ? 'gets one call on trial' : 'is asked (breaker closed)'
  return `now: ${rests ?? asked}; ${inflight.toFixed(1)} calls under way\n`
}

async function listAgents({ capability, json = false }: Options): Promise<void> {
  const agents = await agentsThatOffer(capability)
  if (json) return printJson({ agents })
  if (agents.length === 0) return print('no agents yet')
  for (const line of linesOf(agents)) print(line)
}

/** Throws CliError for a capability without agents, with the known ones. */
async function agentsThatOffer(
  capability: string | undefined,
  timeoutSeconds?: number,
): Promise<AgentView[]> {
  const { agents } = await callApi('listAgents', { capability }, undefined, timeoutSeconds)
  if (agents.length > 0 || capability === undefined) return agents
  const all = (await callApi('listAgents', {}, undefined, timeoutSeconds)).agents
  const known = new Set(all.flatMap(({ capabilities }) => capabilities.map(({ name }) => name)))
  throw new CliError(`no agent offers "${capability}"${suggestNames(capability, known)}`)
}

function watchAgents({ capability }: Options): Promise<never> {
  return watchTable(async () => linesOf(await agentsThatOffer(capability, WATCH_SECONDS)))
}

function rowsOf(agents: readonly AgentView[]): string[][] {
  return agents.flatMap(({ id, version, status, capabilities, health = {}, now }) =>
    capabilities.map(({ name }, at) => [
      ...(at === 0 ? [id, version, status, now?.breaker ?? '', inflightOf(now)] : ['', '', '', '', '']),
      name,
      ...figuresOf(health[name]),
    ]),
  )
}

/** On narrow terminals columns are merged, and normal values left out. */
function linesOf(agents: readonly AgentView[]): string[] {
  const rows = rowsOf(agents)
  if (fits(HEADER, rows)) return tableLines(HEADER, rows)
  const narrow = rows.map(([id = '', version, status, breaker, inflight, ...rest]) => {
    const facts = [
      id,
      version,
      status === 'active' ? '' : status,
      breaker === 'closed' ? '' : breaker,
      inflight ? `${inflight} inflight` : '',
    ]
    return [facts.filter(Boolean).join(' '), ...rest]
  })
  return tableLines(['agent', ...HEADER.slice(5)], narrow)
}

const inflightOf = (now: AgentView['now']): string => (now?.inflight ? now.inflight.toFixed(1) : '')

/** Figures of the last hours; recent calls have more weight. */
function figuresOf(health: AgentHealth | undefined): string[] {
  if (!health) return ['', '', '', '', '', '']
  const { calls, successRate, p50Seconds, p95Seconds, costUsd, trend } = health
  return [
    String(calls),
    `${Math.round(100 * successRate)} %`,
    duration(1_000 * p50Seconds),
    duration(1_000 * p95Seconds),
    costUsd === 0 ? '-' : usd(costUsd),
    trend === 'steady' ? '' : trend,
  ]
}

function sentenceOf(health: AgentHealth): string {
  const [calls, rate, p50, p95, cost, trend] = figuresOf(health)
  const getting = trend ? `; getting ${trend}` : ''
  return `${calls} calls lately, ${rate} of them well; half within ${p50}, 95 % within ${p95}; ${cost === '-' ? 'free' : `${cost} each`}${getting}`
}
