import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

export type Logs = { write(functionName: string, text: string): void; close(): Promise<void> }

/** What the functions print: a file each, and on the terminal as well when asked for. */
export async function openLogs(folder: string, verbose: boolean): Promise<Logs> {
  await mkdir(folder, { recursive: true })
  const streams = new Map<string, WriteStream>()
  let broken = false

  function streamFor(name: string): WriteStream {
    const known = streams.get(name)
    if (known) return known
    const stream = createWriteStream(join(folder, `${name}.log`), { flags: 'a' })
    stream.on('error', (error) => {
      // A full disk must not stop the tasks; it is said once.
      if (!broken) process.stderr.write(`logs are not written any more: ${error.message}\n`)
      broken = true
    })
    streams.set(name, stream)
    return stream
  }

  return {
    write(name, text) {
      if (!broken) streamFor(name).write(text)
      if (verbose) process.stderr.write(text.replace(/^(?=.)/gm, `${name} | `))
    },
    async close() {
      await Promise.all(
        [...streams.values()].map((stream) => new Promise<void>((resolve) => stream.end(() => resolve()))),
      )
    },
  }
}
