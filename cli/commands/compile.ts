import { Command } from 'commander'
import { compileWorkflow, issuesOfCompiling } from '../../shared/compiler/index.ts'
import { stepKind } from '../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { refusedFile } from '../cli-error.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { describeCompiled } from '../show/describe-compiled.ts'
import { printWarnings } from '../show/print-warnings.ts'
import { printError, printJson } from '../show/terminal.ts'

export function compileCommand(): Command {
  return new Command('compile')
    .description('Print the state machine that a workflow file becomes (Amazon States Language)')
    .argument('<file>')
    .option('--json', 'print definition, substitutions, parts, gates, counts and warnings on one line')
    .addHelpText(
      'after',
      '\nGates, counts and warnings go to standard error.\n\nExamples:\n  npx orchestrator compile ./my-workflow.yaml > machine.json\n  npx orchestrator compile ./my-workflow.yaml --json',
    )
    .action(async (file: string, { json = false }: { json?: boolean }) => {
      const { workflow, issues } = validateWorkflow(await readTextFile(file))
      if (!workflow) throw refusedFile(file, issues)
      const refused = issuesOfCompiling(workflow)
      if (refused.length > 0) throw refusedFile(file, refused)
      const compiled = compileWorkflow(workflow)
      if (json) return printJson(compiled)
      printJson(compiled.definition, 2)
      // On stderr, so that it is not part of a saved definition.
      const executions = 1 + compiled.parts.length
      const steps = Object.entries(workflow.steps).map(([stepId, step]) => ({ stepId, kind: stepKind(step) }))
      printError(describeCompiled({ ...compiled, steps, counts: { ...compiled.counts, executions } }))
      printWarnings(compiled.warnings, file)
      if (executions > 1) printError('the definitions of the other executions: --json, under `parts`')
    })
}
