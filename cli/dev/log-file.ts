import {
  createWriteStream,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  type WriteStream,
} from 'node:fs'
import { join } from 'node:path'

/** The size at which a file is rotated, and how many files each function keeps. */
export type LogLimits = { bytes: number; files: number }

export type LogFile = { write(text: string): void; close(): Promise<void> }

/** The newest file of a function is number 0. */
export const fileOf = (folder: string, name: string, number: number): string =>
  join(folder, number === 0 ? `${name}.log` : `${name}.${number}.log`)

/** The buffer for a slow disk. Lines beyond it are dropped, and counted. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024

/**
 * `<name>.log`, with rotation: before it would exceed the limit, it becomes `<name>.1.log`, that one `<name>.2.log`, and so
 * on; only the newest files are kept. One write is never split between files.
 */
export function logFile(
  folder: string,
  name: string,
  { bytes: limit, files }: LogLimits,
  onBroken: (reason: Error) => void,
): LogFile {
  const path = (number: number): string => fileOf(folder, name, number)
  let bytes = sizeOf(path(0))
  let leftOut = 0
  let stream = open()
  let ended: Promise<void> = Promise.resolve()

  /** Opens the file synchronously: a stream that opens it later could find another file under the name. */
  function open(): WriteStream {
    return createWriteStream(path(0), { fd: openSync(path(0), 'a') }).on('error', onBroken)
  }

  /** Open streams continue to write to their file under its new name. */
  function rotate(): void {
    const before = stream
    ended = Promise.all([ended, end(before)]).then(() => {})
    removeFrom(path, files - 1)
    for (let number = files - 2; number >= 0; number--) {
      if (existsSync(path(number))) renameSync(path(number), path(number + 1))
    }
    stream = open()
    bytes = 0
  }

  return {
    write(text) {
      if (stream.writableLength > MAX_WAITING_BYTES) {
        leftOut += 1
        return
      }
      const told = leftOut === 0 ? text : `${leftOut} entries are left out: the disk is too slow\n${text}`
      leftOut = 0
      const size = Buffer.byteLength(told)
      try {
        if (bytes > 0 && bytes + size > limit) rotate()
      } catch (error) {
        onBroken(error as Error)
        return
      }
      bytes += size
      stream.write(told)
    },
    async close() {
      await Promise.all([ended, end(stream)])
    },
  }
}

const end = (stream: WriteStream): Promise<void> =>
  stream.destroyed ? Promise.resolve() : new Promise((resolve) => stream.end(() => resolve()))

/** Also removes surplus files of an earlier run with a higher limit. */
function removeFrom(path: (number: number) => string, first: number): void {
  for (let number = first; existsSync(path(number)); number++) rmSync(path(number))
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
