import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { CliError } from './cli-error.ts'
import { agentsCommand } from './commands/agents.ts'
import { approveCommand } from './commands/approve.ts'
import { cancelCommand } from './commands/cancel.ts'
import { compileCommand } from './commands/compile.ts'
import { devCommand } from './commands/dev.ts'
import { explainCommand } from './commands/explain.ts'
import { forkCommand } from './commands/fork.ts'
import { initCommand } from './commands/init.ts'
import { killCommand } from './commands/kill.ts'
import { listCommand } from './commands/list.ts'
import { newCommand } from './commands/new.ts'
import { planCommand } from './commands/plan.ts'
import { registerCommand } from './commands/register.ts'
import { resultCommand } from './commands/result.ts'
import { retryCommand } from './commands/retry.ts'
import { statusCommand } from './commands/status.ts'
import { submitCommand } from './commands/submit.ts'
import { uploadCommand } from './commands/upload.ts'
import { validateCommand } from './commands/validate.ts'
import { workflowsCommand } from './commands/workflows.ts'

const COMMANDS = [
  initCommand,
  newCommand,
  devCommand,
  submitCommand,
  statusCommand,
  resultCommand,
  explainCommand,
  listCommand,
  cancelCommand,
  killCommand,
  retryCommand,
  forkCommand,
  approveCommand,
  uploadCommand,
  agentsCommand,
  workflowsCommand,
  registerCommand,
  planCommand,
  validateCommand,
  compileCommand,
]

const HELP = `
Environment:
  ORCHESTRATOR_URL   the API (default http://localhost:8000); requests to
                     *.execute-api.* are signed with your AWS credentials
  NO_COLOR           no colours
  COLUMNS            how wide lines are, where no terminal says it

Exit codes:
  0    done
  1    the task did not succeed
  2    wrong usage or input
  3    the API cannot be reached, or has failed
  130  interrupted

Examples:
  npx orchestrator init my-agents               make a project of your own
  npx orchestrator dev                          run everything on this machine
  npx orchestrator submit simple --input '{"message":"hello"}' --wait
  npx orchestrator submit data_report --file source=./my.csv --wait
  npx orchestrator result <taskId> --out ./report`

/** The command line's definition. With `json` the caller reports usage errors. */
export function createProgram(json = false): Command {
  const program = new Command('orchestrator')
    .description('Submit tasks to AI agents, watch them, and run the whole system on this machine.')
    .addHelpText('after', HELP)
    .version(packageJson.version, '-V, --version')
    .configureHelp({ sortSubcommands: false })
  for (const command of COMMANDS) program.addCommand(command())
  configure(program, json)
  return program
}

/** Settings that subcommands do not inherit. */
function configure(command: Command, json: boolean): void {
  // By default Commander ends the process itself, with code 1 for wrong usage.
  command.exitOverride().showSuggestionAfterError()
  if (json) command.configureOutput({ outputError: () => {} })
  onceEach(command)
  for (const inner of command.commands) configure(inner, json)
}

/** Refuses a repeated single-valued option: one of its values would be ignored. */
function onceEach(command: Command): void {
  const seen = new Set<string>()
  for (const option of command.options) {
    if (!option.required || Array.isArray(option.defaultValue)) continue
    command.on(`option:${option.name()}`, () => {
      if (seen.has(option.name())) throw new CliError(`${option.long} is given twice; it takes one value`)
      seen.add(option.name())
    })
  }
}
