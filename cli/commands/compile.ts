import { Command } from 'commander'
import { compileWorkflow, issuesOfCompiling } from '../../shared/compiler/index.ts'
import { describeIssues } from '../../shared/domain/issue.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { CliError } from '../cli-error.ts'
import { printJson } from '../output.ts'
import { readTextFile } from '../read-json-option.ts'

export function compileCommand(): Command {
  return new Command('compile')
    .description('Print the state machine that a workflow file becomes (Amazon States Language)')
    .argument('<file>')
    .option('--json', 'print definition, substitutions, gates and counts on one line')
    .action(async (file: string, { json = false }: { json?: boolean }) => {
      const { workflow, issues } = validateWorkflow(await readTextFile(file))
      if (!workflow) throw new CliError(describeIssues(issues))
      const refused = issuesOfCompiling(workflow)
      if (refused.length > 0) throw new CliError(describeIssues(refused))
      const compiled = compileWorkflow(workflow)
      return json ? printJson(compiled) : console.log(JSON.stringify(compiled.definition, null, 2))
    })
}
