import { Command } from 'commander'
import { issuesOfCompiling } from '../../shared/compiler/index.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { EXIT } from '../cli-error.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { printJson, style } from '../show/output.ts'

export function validateCommand(): Command {
  return new Command('validate')
    .description('Check a workflow file: every issue, with its place')
    .argument('<file>')
    .option('--json', 'print JSON')
    .action(async (file: string, { json = false }: { json?: boolean }) => {
      const { workflow, issues } = validateWorkflow(await readTextFile(file))
      const all = workflow ? issuesOfCompiling(workflow) : issues
      if (all.length > 0) process.exitCode = EXIT.usage
      if (json) return printJson({ valid: all.length === 0, issues: all })
      if (workflow && all.length === 0)
        return console.log(`${style('green', 'valid')}: ${workflow.name} v${workflow.version}`)
      for (const { path, message } of all) console.error(`${style('red', path || file)}: ${message}`)
    })
}
