import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { describeSchema } from '../describe-schema.ts'
import { printJson, printTable, style } from '../output.ts'

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
            for (const line of describeSchema(inputSchema)) console.log(`  ${line}`)
          }
          return
        }
        const { agents } = await callApi('listAgents', { capability })
        if (json) return printJson({ agents })
        if (agents.length === 0)
          return console.log(capability ? `no agent offers ${capability}` : 'no agents yet')
        const rows = agents.map(({ id, version, status, capabilities }) => [
          id,
          version,
          status,
          capabilities.map(({ name }) => name).join(' '),
        ])
        printTable(['agent', 'version', 'status', 'capabilities'], rows)
      },
    )
}
