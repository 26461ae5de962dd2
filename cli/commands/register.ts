import { Command } from 'commander'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { callApi } from '../api-client.ts'
import { about, refusedFile } from '../cli-error.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { printJson } from '../show/output.ts'

export function registerCommand(): Command {
  return new Command('register')
    .description('Publish a version of a workflow: from then on tasks may name it')
    .argument('<file>', 'a YAML or JSON file')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  orchestrator register ./my-workflow.yaml\n  orchestrator submit my_workflow --wait',
    )
    .action(async (file: string, { json = false }: { json?: boolean }) => {
      const text = await readTextFile(file)
      const { workflow, issues } = validateWorkflow(text)
      if (!workflow) throw refusedFile(file, issues)
      const view = await about(file, callApi('putWorkflow', { name: workflow.name, workflow: text }))
      if (json) return printJson(view)
      console.log(
        `${view.name} v${view.version} is published; submit it: npx orchestrator submit ${view.name}`,
      )
    })
}
