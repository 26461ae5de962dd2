import { setTimeout as delay } from 'node:timers/promises'
import { createLogUpdate } from 'log-update'
import { CliError, EXIT } from '../cli-error.ts'
import { wrapText } from './layout.ts'
import { style } from './output.ts'
import { print } from './terminal.ts'
import { visibleStyled } from './visible.ts'

const WATCH_MILLISECONDS = 1_000

/**
 * Redraws a table every second on a terminal until Ctrl-C (exit code 130); elsewhere prints one table after another. When a later request
 * fails, the last table stays, and lines above it say since when and why. Rejects with what the first one rejects with, and with what is no
 * CliError.
 */
export async function watchTable(read: () => Promise<readonly string[]>): Promise<never> {
  const interrupted = (): never => process.exit(EXIT.interrupted)
  process.once('SIGINT', interrupted)
  try {
    return await redraw(read)
  } finally {
    process.off('SIGINT', interrupted)
  }
}

async function redraw(read: () => Promise<readonly string[]>): Promise<never> {
  const update = process.stdout.isTTY ? createLogUpdate(process.stdout) : undefined
  let table = await read()
  let failing: Failure | undefined
  for (let isTold = false; ; ) {
    if (update) update(visibleStyled(screenOf(withFailure(table, failing)).join('\n')))
    // In a file or a pipe the last table is there already.
    else if (!failing) print(table.join('\n'))
    else if (!isTold) print(failureLines(failing).join('\n'))
    isTold = failing !== undefined
    await delay(WATCH_MILLISECONDS)
    try {
      table = await read()
      failing = undefined
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      failing = { since: failing?.since ?? new Date(), error }
    }
  }
}

type Failure = { since: Date; error: CliError }

/** The table below what is wrong: of the screen, the end is cut off. */
export const withFailure = (table: readonly string[], failing: Failure | undefined): readonly string[] =>
  failing ? [...failureLines(failing), ...table] : table

function failureLines({ since, error: { message, exitCode } }: Failure): string[] {
  const what = exitCode === EXIT.unreachable ? 'the API does not answer' : 'the API refuses this'
  const text = `${what} since ${since.toTimeString().slice(0, 8)}: ${message}`
  return wrapText(text)
    .split('\n')
    .map((line) => style('red', line))
}

/** As many lines as the terminal shows at once, so that the header stays where it is. */
export function screenOf(
  lines: readonly string[],
  height = process.stdout.rows ?? Number.POSITIVE_INFINITY,
): readonly string[] {
  // The cursor stands in a line of its own.
  const shown = height - 1
  if (lines.length <= shown) return lines
  const left = lines.length - shown + 1
  return [
    ...lines.slice(0, Math.max(1, shown - 1)),
    style('dim', `and ${left} lines more; --capability <name> shows fewer`),
  ]
}
