import { Command, Option } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { CliError } from './cli-error.ts'

/** Every command, in the order of the help. Each is a module that is loaded when it is needed: a call needs one. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import('./commands/init.ts')).initCommand(),
  new: async () => (await import('./commands/new.ts')).newCommand(),
  dev: async () => (await import('./commands/dev.ts')).devCommand(),
  submit: async () => (await import('./commands/submit.ts')).submitCommand(),
  do: async () => (await import('./commands/do.ts')).doCommand(),
  status: async () => (await import('./commands/status.ts')).statusCommand(),
  show: async () => (await import('./commands/show.ts')).showCommand(),
  diff: async () => (await import('./commands/diff.ts')).diffCommand(),
  result: async () => (await import('./commands/result.ts')).resultCommand(),
  explain: async () => (await import('./commands/explain.ts')).explainCommand(),
  list: async () => (await import('./commands/list.ts')).listCommand(),
  cancel: async () => (await import('./commands/cancel.ts')).cancelCommand(),
  delete: async () => (await import('./commands/delete.ts')).deleteCommand(),
  kill: async () => (await import('./commands/kill.ts')).killCommand(),
  retry: async () => (await import('./commands/retry.ts')).retryCommand(),
  fork: async () => (await import('./commands/fork.ts')).forkCommand(),
  steps: async () => (await import('./commands/steps.ts')).stepsCommand(),
  events: async () => (await import('./commands/events.ts')).eventsCommand(),
  logs: async () => (await import('./commands/logs.ts')).logsCommand(),
  audit: async () => (await import('./commands/audit.ts')).auditCommand(),
  approvals: async () => (await import('./commands/approvals.ts')).approvalsCommand(),
  approve: async () => (await import('./commands/approve.ts')).approveCommand(),
  messages: async () => (await import('./commands/messages.ts')).messagesCommand(),
  state: async () => (await import('./commands/state.ts')).stateCommand(),
  send: async () => (await import('./commands/send.ts')).sendCommand(),
  link: async () => (await import('./commands/link.ts')).linkCommand(),
  rate: async () => (await import('./commands/rate.ts')).rateCommand(),
  evaluate: async () => (await import('./commands/evaluate.ts')).evaluateCommand(),
  files: async () => (await import('./commands/files.ts')).filesCommand(),
  upload: async () => (await import('./commands/upload.ts')).uploadCommand(),
  agents: async () => (await import('./commands/agents.ts')).agentsCommand(),
  models: async () => (await import('./commands/models.ts')).modelsCommand(),
  login: async () => (await import('./commands/login.ts')).loginCommand(),
  logout: async () => (await import('./commands/logout.ts')).logoutCommand(),
  usage: async () => (await import('./commands/usage.ts')).usageCommand(),
  keys: async () => (await import('./commands/keys.ts')).keysCommand(),
  export: async () => (await import('./commands/export.ts')).exportCommand(),
  'delete-tenant': async () => (await import('./commands/delete-tenant.ts')).deleteTenantCommand(),
  workflows: async () => (await import('./commands/workflows.ts')).workflowsCommand(),
  register: async () => (await import('./commands/register.ts')).registerCommand(),
  plan: async () => (await import('./commands/plan.ts')).planCommand(),
  validate: async () => (await import('./commands/validate.ts')).validateCommand(),
  compile: async () => (await import('./commands/compile.ts')).compileCommand(),
  schema: async () => (await import('./commands/schema.ts')).schemaCommand(),
}

const HELP = `
Environment:
  ORCHESTRATOR_URL   the API (default http://localhost:8000); requests to
                     *.execute-api.* are signed with your AWS credentials
  ORCHESTRATOR_KEY   an API key; ORCHESTRATOR_TOKEN a token instead
  ORCHESTRATOR_PROFILE   whom to be and where; also --profile <name>
  NO_COLOR           no colours
  COLUMNS            how wide lines are, where no terminal says it

Exit codes:
  0    done
  1    the task did not succeed; the tasks differ (diff)
  2    wrong usage or input, or a file that cannot be read or written
  3    the API cannot be reached, or has failed
  70   a bug of the command line
  130  interrupted

Examples:
  npx orchestrator init my-agents               make a project of your own
  npx orchestrator dev                          run everything on this machine
  npx orchestrator submit simple --input '{"message":"hello"}' --wait
  npx orchestrator submit data_report --file source=./my.csv --wait
  npx orchestrator do "Find what is said on leases" --wait
  npx orchestrator result <taskId> --out ./report`

/**
 * The command line's definition: all of it, or with the arguments of a call the command that they name. With `json` the caller
 * reports usage errors.
 */
export async function createProgram(args: readonly string[] = [], json = false): Promise<Command> {
  const program = new Command('orchestrator')
    .description('Submit tasks to AI agents, watch them, and run the whole system on this machine.')
    .addHelpText('after', HELP)
    .version(packageJson.version, '-V, --version')
    .configureHelp({ sortSubcommands: false, minWidthToWrap: 30 })
  refuseKnownSlip(args)
  const loaders = loadersFor(args)
  for (const load of loaders) program.addCommand(await load())
  if (loaders.length > 1) await (await import('./commands/completion.ts')).addCompletion(program, args)
  configure(program, json)
  return program
}

/** What other tools call these commands; a misspelling alone would not lead to them. */
const MEANT: Readonly<Record<string, string>> = {
  run: 'submit <workflow> --wait',
  start: 'submit <workflow>, or for the cloud on this machine: npx orchestrator dev',
  exec: 'submit <workflow> --wait',
  tail: 'logs <taskId> --follow',
  watch: 'status <taskId> --watch',
  ls: 'list',
  ps: 'list',
  tasks: 'list',
  get: 'show <taskId> <stepId>, or: npx orchestrator status <taskId>',
  describe: 'explain <taskId> <stepId>',
  inspect: 'explain <taskId> <stepId>',
  stop: 'cancel <taskId>',
  abort: 'cancel <taskId>',
  create: 'new agent|workflow <name>',
  resume: 'retry <taskId>',
  rerun: 'retry <taskId>, or: npx orchestrator fork <taskId>',
}

/** Throws CliError for a command by the name that another tool gives it. */
function refuseKnownSlip([name = '']: readonly string[]): void {
  if (Object.hasOwn(COMMANDS, name) || !Object.hasOwn(MEANT, name)) return
  throw new CliError(`unknown command "${name}"; did you mean: npx orchestrator ${MEANT[name]}`)
}

/** Help, completion and a misspelt name need every command; the version needs none. */
function loadersFor([name = '']: readonly string[]): (() => Promise<Command>)[] {
  if (name === '-V' || name === '--version') return []
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  return load ? [load] : Object.values(COMMANDS)
}

/** Settings that subcommands do not inherit. */
function configure(command: Command, json: boolean): void {
  // By default Commander ends the process itself, with code 1 for wrong usage.
  command.exitOverride().showSuggestionAfterError()
  if (json) command.configureOutput({ outputError: () => {} })
  onceEach(command)
  command.addOption(new Option('--profile <name>', 'whose address and credentials are used').hideHelp())
  command.on('option:profile', (name: string) => {
    process.env.ORCHESTRATOR_PROFILE = name
  })
  for (const inner of command.commands) configure(inner, json)
}

/** Refuses a repeated single-valued option: one of its values would be ignored. */
function onceEach(command: Command): void {
  const seen = new Set<string>()
  for (const option of command.options) {
    if (!option.required || option.variadic || Array.isArray(option.defaultValue)) continue
    command.on(`option:${option.name()}`, () => {
      if (seen.has(option.name())) throw new CliError(`${option.long} is given twice; it takes one value`)
      seen.add(option.name())
    })
  }
}
