import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { TaskFileLink } from '../../shared/contracts/file-views.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { bytesOf } from '../show/output.ts'

/** A download that takes longer shows how far it is. */
const SILENT_MILLISECONDS = 2_000
const EVERY_MILLISECONDS = 500

/**
 * Where a file is written: `output`, or under its own name in a folder or here; undefined for standard output. The name of a file that
 * an agent has chosen never leads to another folder.
 */
export async function target(output: string | undefined, name: string): Promise<string | undefined> {
  if (output === '-') return undefined
  const own = basename(name.replaceAll('\\', '/'))
  if (output === undefined) return own
  const found = await stat(output).catch(() => undefined)
  return found?.isDirectory() ? join(output, own) : output
}

type Link = Pick<TaskFileLink, 'url' | 'name' | 'bytes'>

/**
 * Writes under another name until the whole of it is there: what is cut off never stands under `path`. A device or a pipe (/dev/null) is
 * written into as it comes, and a link is followed: neither is replaced by a file.
 */
export async function saveDownload(link: Link, path: string | undefined): Promise<void> {
  if (path === undefined) return copy(await openLink(link), stdoutAsStream(), link)
  const there = await stat(path).catch(() => undefined)
  if (there === undefined) return replaceFile(path, link)
  if (there.isFile()) return replaceFile(await realpath(path), link)
  await copy(await openLink(link), createWriteStream(path), link).catch(notWritten(link, path))
}

async function replaceFile(path: string, link: Link): Promise<void> {
  const body = await openLink(link)
  const partial = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomUUID().slice(0, 8)}.part`)
  const removed = (): void => void rm(partial, { force: true }).finally(() => process.exit(EXIT.interrupted))
  process.once('SIGINT', removed)
  try {
    await copy(body, createWriteStream(partial, { flags: 'wx' }), link)
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    notWritten(link, path)(error)
  } finally {
    process.off('SIGINT', removed)
  }
}

const notWritten =
  ({ name }: Link, path: string) =>
  (error: unknown): never => {
    if (error instanceof CliError) throw error
    throw new CliError(`"${name}" could not be written to ${path}: ${(error as Error).message}`)
  }

async function openLink({ url, name }: Pick<TaskFileLink, 'url' | 'name'>): Promise<Readable> {
  const response = await fetch(url).catch((error: Error) => {
    throw new CliError(`"${name}" could not be downloaded: ${reasonOf(error)}`, EXIT.unreachable)
  })
  if (response.ok)
    return Readable.from((response.body ?? []) as AsyncIterable<Uint8Array>, { objectMode: false })
  const text = (await response.text()).slice(0, 300)
  throw new CliError(`"${name}" could not be downloaded: ${response.status} ${text}`, EXIT.unreachable)
}

const reasonOf = ({ message, cause }: Error): string =>
  cause instanceof Error && cause.message !== '' ? `${message}: ${cause.message}` : message

async function copy(body: Readable, to: Writable, { name, bytes }: Pick<TaskFileLink, 'name' | 'bytes'>) {
  const progress = showProgress(name, bytes)
  let read = 0
  async function* counted() {
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        read += chunk.length
        progress.at(read)
        yield chunk
      }
    } catch (error) {
      throw brokenOff(name, read, bytes, reasonOf(error as Error))
    }
  }
  try {
    await pipeline(counted, to)
  } finally {
    progress.end()
  }
  if (read !== bytes) throw brokenOff(name, read, bytes, 'the connection has ended')
}

const brokenOff = (name: string, read: number, bytes: number, why: string): CliError =>
  new CliError(
    `the download of "${name}" broke off after ${read} of ${bytes} bytes: ${why}; nothing is kept of it`,
    EXIT.unreachable,
  )

/** Standard output stays open for whoever uses it next. */
function stdoutAsStream(): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      process.stdout.write(chunk, (error) => done(error))
    },
  })
}

/** On a terminal only, and not on standard output, which may be the file. */
function showProgress(name: string, bytes: number) {
  const startedAt = Date.now()
  let shownAt = startedAt + SILENT_MILLISECONDS - EVERY_MILLISECONDS
  let isShown = false
  return {
    at(read: number): void {
      const now = Date.now()
      if (!process.stderr.isTTY || now - shownAt < EVERY_MILLISECONDS) return
      shownAt = now
      isShown = true
      const share = bytes === 0 ? 100 : Math.floor((read / bytes) * 100)
      process.stderr.write(
        `\r\u001b[K${share} %  ${bytesOf(read)} of ${bytesOf(bytes)}  ${basename(name).slice(0, 40)}`,
      )
    },
    end(): void {
      if (isShown) process.stderr.write('\r\u001b[K')
    },
  }
}
