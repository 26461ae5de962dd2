import { Command } from 'commander'
import { stringify } from 'yaml'
import { callApi } from '../api-client.ts'
import { printJson, printTable } from '../output.ts'

export function workflowsCommand(): Command {
  return new Command('workflows')
    .description('List workflows, or show one')
    .argument('[name]')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, { json = false }: { json?: boolean }) => {
      if (name !== undefined) {
        const workflow = await callApi('getWorkflow', { name })
        return json ? printJson(workflow) : console.log(stringify(workflow.definition))
      }
      const { workflows } = await callApi('listWorkflows')
      if (json) return printJson({ workflows })
      const rows = workflows.map((workflow) => [
        workflow.name,
        String(workflow.version),
        String(workflow.steps.length),
        workflow.description,
      ])
      printTable(['workflow', 'version', 'steps', 'what it does'], rows)
    })
}
