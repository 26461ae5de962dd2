import { CommanderError } from 'commander'
import { CliError, EXIT } from './cli-error.ts'
import { createProgram } from './program.ts'
import { describeProblem } from './show/output.ts'

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

/** The reader has closed the pipe, as `| head` does. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
}

/** When stderr is closed the command continues: its exit code still tells the outcome. */
function goOnUnheard(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

function exitCodeOf(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok
    if (json) console.error(describeProblem(usageError(error), json))
    return EXIT.usage
  }
  const told = isWithoutFolder(error) ? new CliError('the current folder is not there any more') : error
  if (!(told instanceof CliError)) throw told
  if (told.message) console.error(describeProblem(told, json))
  return told.exitCode
}

/** Whether the folder was removed in which the command was started: every relative path then fails. */
const isWithoutFolder = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd'

const usageError = ({ message }: CommanderError): CliError => new CliError(message.replace(/^error: /, ''))
