import { mkdir, open } from 'node:fs/promises'
import { writeError } from '../show/terminal.ts'
import { fileOf, type LogFile, type LogLimits, logFile } from './log-file.ts'

export type Logs = {
  /** The lines in the files of a function, oldest first. */
  read(functionName: string): AsyncIterable<string>
  write(functionName: string, text: string): void
  close(): Promise<void>
}

/** The output of functions: log files, and with `verbose` also the terminal. */
export async function openLogs(folder: string, limits: LogLimits, verbose: boolean): Promise<Logs> {
  await mkdir(folder, { recursive: true })
  const files = new Map<string, LogFile>()
  let broken = false

  function fileFor(name: string): LogFile {
    const known = files.get(name)
    if (known) return known
    const file = logFile(folder, name, limits, (error) => {
      // A full disk must not stop the tasks; the user is warned once.
      if (!broken) writeError(`logs are not written any more: ${error.message}\n`)
      broken = true
    })
    files.set(name, file)
    return file
  }

  return {
    write(name, text) {
      if (!broken) fileFor(name).write(text)
      if (verbose) writeError(text.replace(/^(?=.)/gm, `${name} | `))
    },
    async *read(name) {
      for (let number = limits.files - 1; number >= 0; number--) yield* linesOf(fileOf(folder, name, number))
    },
    async close() {
      await Promise.all([...files.values()].map((file) => file.close()))
    },
  }
}

/** None of a file that does not exist. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  // Closes the file at its end.
  if (handle) yield* handle.readLines({ encoding: 'utf8' })
}
