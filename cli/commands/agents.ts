import { Command } from 'commander'
import type { AgentHealth } from '../../shared/contracts/views.ts'
import { callApi } from '../api-client.ts'
import { describeSchema } from '../describe-schema.ts'
import { duration, printJson, printTable, style } from '../output.ts'

export function agentsCommand(): Command {
  return new Command('agents')
    .description('List agents, or show one')
    .argument('[agentId]')
    .option('-c, --capability <name>', 'only those that offer it')
    .option('--json', 'print JSON')
    .action(
      async (
        agentId: string | undefined,
        { capability, json = false }: { capability?: string; json?: boolean },
      ) => {
        if (agentId !== undefined) {
          const agent = await callApi('getAgent', { id: agentId })
          if (json) return printJson(agent)
          console.log(`${agent.id} ${agent.version} (${agent.status})\n${agent.description}\n`)
          for (const { name, description, inputSchema } of agent.capabilities) {
            console.log(`${style('bold', name)}  ${description}`)
            const known = agent.health?.[name]
            if (known) console.log(`  ${sentenceOf(known)}`)
            for (const line of describeSchema(inputSchema)) console.log(`  ${line}`)
          }
          return
        }
        const { agents } = await callApi('listAgents', { capability })
        if (json) return printJson({ agents })
        if (agents.length === 0)
          return console.log(capability ? `no agent offers ${capability}` : 'no agents yet')
        const rows = agents.flatMap(({ id, version, status, capabilities, health = {} }) =>
          capabilities.map(({ name }, at) => [
            at === 0 ? id : '',
            at === 0 ? version : '',
            at === 0 ? status : '',
            name,
            ...figuresOf(health[name]),
          ]),
        )
        printTable(['agent', 'version', 'status', 'capability', 'calls', 'ok', 'p50', 'p95', 'USD'], rows)
      },
    )
}

/** Of the last hours; those of late count most. */
function figuresOf(health: AgentHealth | undefined): string[] {
  if (!health) return ['', '', '', '', '']
  const { calls, successRate, p50Seconds, p95Seconds, costUsd } = health
  return [
    String(calls),
    `${Math.round(100 * successRate)} %`,
    duration(1_000 * p50Seconds),
    duration(1_000 * p95Seconds),
    costUsd === 0 ? '-' : costUsd.toPrecision(2),
  ]
}

function sentenceOf(health: AgentHealth): string {
  const [calls, rate, p50, p95, cost] = figuresOf(health)
  return `${calls} calls lately, ${rate} of them well; half within ${p50}, 95 % within ${p95}; ${cost === '-' ? 'free' : `${cost} USD each`}`
}
