import { styleText } from 'node:util'
import { Command } from 'commander'
import { issuesOfCompiling } from '../../shared/compiler/index.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { EXIT } from '../cli-error.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { warningsOf } from '../input/warnings-of-workflow.ts'
import { issueLines } from '../show/issue-lines.ts'
import { printJson, style } from '../show/output.ts'

export function validateCommand(): Command {
  return new Command('validate')
    .description(
      'Check a workflow file: every issue, with its place; a warning for what no agent of the project offers',
    )
    .argument('<file>')
    .option('--json', 'print JSON')
    .action(async (file: string, { json = false }: { json?: boolean }) => {
      const text = await readTextFile(file)
      const { workflow, issues } = validateWorkflow(text)
      const all = workflow ? issuesOfCompiling(workflow) : issues
      if (all.length > 0) process.exitCode = EXIT.usage
      const warnings = workflow && all.length === 0 ? await warningsOf(workflow, text) : []
      if (json) return printJson({ valid: all.length === 0, issues: all, warnings })
      if (workflow && all.length === 0)
        console.log(`${style('green', 'valid')}: ${workflow.name} v${workflow.version}`)
      for (const one of all) console.error(issueLines(one, file))
      for (const one of warnings)
        console.error(
          `${styleText('yellow', 'warning', { stream: process.stderr })}: ${issueLines(one, file)}`,
        )
    })
}
