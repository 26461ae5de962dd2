import { Command, Option } from 'commander'
import { hasSameContent } from '../../shared/app/catalogue/same-content.ts'
import { issuesOfCompiling } from '../../shared/compiler/index.ts'
import type { Workflow } from '../../shared/workflow/schema.ts'
import { suspendsOf } from '../../shared/workflow/suspends-of.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { EXIT } from '../cli-error.ts'
import { type KnownCatalogue, knownCatalogue, unservedIn } from '../input/known-catalogue.ts'
import { LENIENT } from '../input/parse-options.ts'
import { readTextFile } from '../input/read-json-option.ts'
import { issueLines } from '../show/issue-lines.ts'
import { say, style } from '../show/output.ts'
import { printWarnings } from '../show/print-warnings.ts'
import { printError, printJson } from '../show/terminal.ts'

type Options = { lenient?: boolean; api?: boolean; offline?: boolean; json?: boolean }

export function validateCommand(): Command {
  return new Command('validate')
    .description(
      'Check a workflow file: every issue, with its place; a warning for what nothing known offers',
    )
    .argument('<file>')
    .option(...LENIENT)
    .addOption(
      new Option('--api', 'check against the API alone, as it would take the file now').conflicts('offline'),
    )
    .option('--offline', 'check against the project alone, without asking the API')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The file is checked against the agents and workflows of the project around the
current folder and, where it answers, of the API. What is missing there is a
warning, because it may come from elsewhere; with --api it is an error, and so
is an API that does not answer.`,
    )
    .action(validate)
}

/** What nothing known serves is no fault of the file, and still no task of it would get past that step: the last line says so. */
function verdictOn({ name, version }: Workflow, unserved: number): string {
  const what = `${name} v${version}`
  if (unserved === 0) return `${style('green', 'valid')}: ${what}`
  const [steps, warnings] =
    unserved === 1 ? ['one step asks', 'warning'] : [`${unserved} steps ask`, 'warnings']
  return `${style('yellow', 'valid, but it would fail as things are')}: ${what}: ${steps} for what nothing known offers (see the ${warnings}; with --api it is an error, as for submit)`
}

/** A deployment counts versions by their content, so the number in a file need not be the one that tasks are told. */
function deployedOtherwise(
  workflow: Workflow,
  deployed: Awaited<ReturnType<KnownCatalogue['deployed']>>,
): string | undefined {
  if (!deployed) return undefined
  const isSame = hasSameContent(workflow, deployed.definition)
  if (isSame && deployed.version === workflow.version) return undefined
  const now = `v${deployed.version} is deployed`
  return isSame ? `${now}, with this content` : `${now}, with other content than this file has`
}

async function validate(
  file: string,
  { lenient = false, api = false, offline = false, json = false }: Options,
): Promise<void> {
  const text = await readTextFile(file)
  const known = await knownCatalogue({ file, text, api, offline })
  const { catalogue, reason } = known
  const { workflow, issues, warnings = [] } = validateWorkflow(text, { catalogue, lenient })
  const suspends = suspendsOf(catalogue.agents)
  const found = workflow ? issuesOfCompiling(workflow, { suspends }) : issues
  const unserved = workflow && found.length === 0 ? unservedIn(workflow, known) : []
  const all = known.isFinal ? [...found, ...unserved] : found
  const told = [...warnings, ...known.warnings, ...(known.isFinal ? [] : unserved)]
  if (all.length > 0) process.exitCode = EXIT.usage
  const agents = catalogue.agents.length
  if (json) return printJson({ valid: all.length === 0, issues: all, warnings: told, agents })
  printWarnings(told, file)
  if (reason) printError(`${style('dim', 'not checked against agents of the API')}: ${reason}`)
  if (workflow && all.length === 0) {
    say(verdictOn(workflow, known.isFinal ? 0 : unserved.length))
    const other = deployedOtherwise(workflow, await known.deployed(workflow.name))
    if (other) say(style('dim', other))
    return
  }
  for (const one of all) printError(issueLines(one, { file }))
}
