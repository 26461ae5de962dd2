import { Command } from 'commander'
import { issuesOfCompiling } from '../../shared/compiler/index.ts'
import { type Catalogue, NO_CATALOGUE } from '../../shared/workflow/types/catalogue.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { LENIENT } from '../input/parse-options.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { warningsOf } from '../input/warnings-of-workflow.ts'
import { issueLines } from '../show/issue-lines.ts'
import { printJson, style } from '../show/output.ts'
import { printWarnings } from '../show/print-warnings.ts'

type Options = { lenient?: boolean; offline?: boolean; json?: boolean }

export function validateCommand(): Command {
  return new Command('validate')
    .description(
      'Check a workflow file: every issue, with its place; a warning for what no agent of the project offers',
    )
    .argument('<file>')
    .option(...LENIENT)
    .option('--offline', 'do not ask the API what the agents take and answer')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nNames and types are checked against the agents of the API that is reached.')
    .action(validate)
}

async function validate(
  file: string,
  { lenient = false, offline = false, json = false }: Options,
): Promise<void> {
  const text = await readTextFile(file)
  const known = offline ? { catalogue: NO_CATALOGUE } : await knownAgents()
  const { catalogue, reason } = known
  const { workflow, issues, warnings = [] } = validateWorkflow(text, { catalogue, lenient })
  const all = workflow ? issuesOfCompiling(workflow) : issues
  if (all.length > 0) process.exitCode = EXIT.usage
  const unserved = workflow && all.length === 0 ? await warningsOf(workflow, text) : []
  const told = [...warnings, ...unserved]
  const agents = catalogue.agents.length
  if (json) return printJson({ valid: all.length === 0, issues: all, warnings: told, agents })
  printWarnings(told, file)
  if (reason) console.error(`${style('dim', 'not checked against agents')}: ${reason}`)
  if (workflow && all.length === 0)
    return console.log(`${style('green', 'valid')}: ${workflow.name} v${workflow.version}`)
  for (const one of all) console.error(issueLines(one, { file }))
}

/** The agents of the API; without one only what the file itself says is checked, which is told as the reason. */
async function knownAgents(): Promise<{ catalogue: Catalogue; reason?: string }> {
  try {
    const { agents } = await callApi('listAgents', {})
    const active = agents.filter(({ status }) => status !== 'inactive')
    return { catalogue: { agents: active, workflows: [] } }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return { catalogue: NO_CATALOGUE, reason: error.message }
  }
}
