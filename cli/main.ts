import { CommanderError } from 'commander'
import { CliError, EXIT } from './cli-error.ts'
import { createProgram } from './program.ts'
import { describeProblem } from './show/output.ts'
import { jsonLine, printError } from './show/terminal.ts'
import { systemErrorOf } from './system-error.ts'

/** The command line as the work of this whole process. Returns its exit code; what nothing has caught ends the process with one, too. */
export function run(args: readonly string[]): Promise<number> {
  process.on('uncaughtException', end)
  return main(args)
}

/** Runs the command line and returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.off('error', endWithReader).on('error', endWithReader)
  process.stderr.off('error', goOnUnheard).on('error', goOnUnheard)
  const json = args.includes('--json')
  try {
    const program = await createProgram(args, json)
    await program.parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? EXIT.ok)
  } catch (error) {
    return exitCodeOf(error, json)
  }
}

/** The reader has closed the pipe, as `| head` does; or what is printed cannot be written, as on a full disk. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  end(error)
}

/** What nothing has caught: its exit code must not look like that of a task that did not succeed. */
function end(error: unknown): void {
  process.exit(exitCodeOf(error, process.argv.includes('--json')))
}

/** When stderr is closed the command continues: its exit code still tells the outcome. */
function goOnUnheard(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

function exitCodeOf(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok
    if (json) printError(describeProblem(usageError(error), json))
    return EXIT.usage
  }
  const told = toldOf(error)
  if (told === undefined) return bug(error, json)
  if (told.message) printError(describeProblem(told, json))
  return told.exitCode
}

function toldOf(error: unknown): CliError | undefined {
  if (error instanceof CliError) return error
  return isWithoutFolder(error)
    ? new CliError('the current folder is not there any more')
    : systemErrorOf(error)
}

/** What nobody has foreseen: only here a stack trace helps. */
function bug(error: unknown, json: boolean): number {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error))
  const detail = `this is a bug of the command line, please report it: ${message}`
  printError(json ? jsonLine({ title: 'Error', detail }) : `error: ${detail}\n${stack}`)
  return EXIT.bug
}

/** Whether the folder was removed in which the command was started: every relative path then fails. */
const isWithoutFolder = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd'

const usageError = ({ message }: CommanderError): CliError => new CliError(message.replace(/^error: /, ''))
