import { mkdir } from 'node:fs/promises'
import { type LogFile, type LogLimits, logFile } from './log-file.ts'

export type Logs = { write(functionName: string, text: string): void; close(): Promise<void> }

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
      if (!broken) process.stderr.write(`logs are not written any more: ${error.message}\n`)
      broken = true
    })
    files.set(name, file)
    return file
  }

  return {
    write(name, text) {
      if (!broken) fileFor(name).write(text)
      if (verbose) process.stderr.write(text.replace(/^(?=.)/gm, `${name} | `))
    },
    async close() {
      await Promise.all([...files.values()].map((file) => file.close()))
    },
  }
}
