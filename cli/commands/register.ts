import { Command } from 'commander'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { callApi } from '../api-client.ts'
import { about, refusedFile } from '../cli-error.ts'
import { LENIENT } from '../input/parse-options.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { printWarnings } from '../show/print-warnings.ts'
import { print, printJson } from '../show/terminal.ts'

export function registerCommand(): Command {
  return new Command('register')
    .description('Publish a version of a workflow: from then on tasks may name it')
    .argument('<file>', 'a YAML or JSON file')
    .option(...LENIENT)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  npx orchestrator register ./my-workflow.yaml\n  npx orchestrator submit my_workflow --wait',
    )
    .action(async (file: string, { lenient, json = false }: { lenient?: boolean; json?: boolean }) => {
      const text = await readTextFile(file)
      const { workflow, issues, warnings } = validateWorkflow(text, { lenient: lenient ?? false })
      if (!workflow) throw refusedFile(file, issues)
      const view = await about(file, callApi('putWorkflow', { name: workflow.name, workflow: text, lenient }))
      if (!json) printWarnings(warnings, file)
      if (json) return printJson(view)
      print(`${view.name} v${view.version} is published; submit it: npx orchestrator submit ${view.name}`)
    })
}
