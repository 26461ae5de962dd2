import { Command } from 'commander'
import { stringify } from 'yaml'
import { callApi } from '../api-client.ts'
import { describeSchema } from '../show/describe-schema.ts'
import { say, style } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { printContent, printJson } from '../show/terminal.ts'

export function workflowsCommand(): Command {
  return new Command('workflows')
    .description('List workflows, or show one')
    .argument('[workflow]')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, { json = false }: { json?: boolean }) => {
      if (name !== undefined) {
        const workflow = await callApi('getWorkflow', { name })
        if (json) return printJson(workflow)
        const by = workflow.origin === 'api' ? 'published at run time' : 'deployed'
        const fields = describeSchema(workflow.definition.input)
        say(`${style('bold', name)} v${workflow.version} (${by})  ${workflow.description}`)
        say(`task types: ${workflow.taskTypes.join(', ') || name}; input:`)
        for (const line of fields.length > 0 ? fields : ['anything']) say(`  ${line}`)
        return printContent(`\n${stringify(workflow.definition)}`)
      }
      const { workflows } = await callApi('listWorkflows', {})
      if (json) return printJson({ workflows })
      const rows = workflows.map((workflow) => [
        workflow.name,
        String(workflow.version),
        String(workflow.steps.length),
        workflow.origin,
        workflow.description,
      ])
      printTable(['workflow', 'version', 'steps', 'from', 'what it does'], rows)
    })
}
