import { Command, CommanderError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { CliError, EXIT } from './cli-error.ts'
import { agentsCommand } from './commands/agents.ts'
import { approveCommand } from './commands/approve.ts'
import { cancelCommand } from './commands/cancel.ts'
import { compileCommand } from './commands/compile.ts'
import { devCommand } from './commands/dev.ts'
import { explainCommand } from './commands/explain.ts'
import { forkCommand } from './commands/fork.ts'
import { killCommand } from './commands/kill.ts'
import { listCommand } from './commands/list.ts'
import { planCommand } from './commands/plan.ts'
import { registerCommand } from './commands/register.ts'
import { resultCommand } from './commands/result.ts'
import { retryCommand } from './commands/retry.ts'
import { statusCommand } from './commands/status.ts'
import { submitCommand } from './commands/submit.ts'
import { uploadCommand } from './commands/upload.ts'
import { validateCommand } from './commands/validate.ts'
import { workflowsCommand } from './commands/workflows.ts'
import { describeProblem } from './output.ts'

const COMMANDS = [
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
  ORCHESTRATOR_URL   the API (default http://localhost:8000); requests to *.execute-api.* are signed with your AWS credentials
  NO_COLOR           no colours

Exit codes:
  0 done    1 the task did not succeed    2 wrong usage or input    3 the API cannot be reached    130 interrupted

Examples:
  npx orchestrator dev                                          run everything on this machine
  npx orchestrator submit simple --input '{"message":"hello"}' --wait
  npx orchestrator submit data_report --file source=./my.csv --wait
  npx orchestrator result <taskId> --out ./report`

/** Runs the command line and answers its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  // The reader has closed the pipe, as `| head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(EXIT.ok)
  })
  const program = new Command('orchestrator')
    .description('Submit tasks to AI agents, watch them, and run the whole system on this machine.')
    .addHelpText('after', HELP)
    .version(packageJson.version, '-V, --version')
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false })
  for (const command of COMMANDS) program.addCommand(command())
  overrideExits(program)
  try {
    await program.parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? EXIT.ok)
  } catch (error) {
    return exitCodeOf(error, args.includes('--json'))
  }
}

/** Commander ends the process by itself otherwise, with 1 for wrong usage. */
function overrideExits(command: Command): void {
  command.exitOverride()
  for (const inner of command.commands) overrideExits(inner)
}

function exitCodeOf(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (!(error instanceof CliError)) throw error
  if (error.message) console.error(describeProblem(error, json))
  return error.exitCode
}
