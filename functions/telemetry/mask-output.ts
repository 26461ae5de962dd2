/**
 * Masks secrets in what a process writes past the host: by `process.stdout`, by the console outside of a step, by `node:fs` to the same streams (as
 * loggers do), and in exceptions that nothing has caught. What native code or a child process writes is not masked.
 *
 * Invariants (tests cite them):
 * mask-output/O1 no value that the mask knows is in what is written by `process.stdout`, `process.stderr`, `console`, or `fs.write` and
 *    `fs.writeSync` to their descriptors
 * mask-output/O2 the handlers of the runtime are given an exception, or the reason of a rejection, without such a value
 * mask-output/O3 no such value is in what is sent to the daemon of X-Ray
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { format } from 'node:util'
import type { SecretMask } from '../../shared/domain/secret-mask.ts'
import { maskTraces } from './mask-traces.ts'

const METHODS = ['log', 'info', 'debug', 'warn', 'error', 'trace'] as const

let isMasked = false

/** Once per process, because that is what it changes. */
export function maskOutput(mask: SecretMask): void {
  if (isMasked) return
  isMasked = true
  for (const stream of [process.stdout, process.stderr]) maskStream(stream, mask)
  maskDescriptors(mask)
  maskTraces(mask)
  // Lambda's own console does not write by process.stdout.
  for (const method of METHODS) {
    const original = console[method].bind(console)
    console[method] = (...given: unknown[]): void => {
      const text = textOf(given)
      const masked = mask.text(text)
      if (masked === text) original(...given)
      else original(masked)
    }
  }
  // Before the runtime's own. Without one of those Node.js itself ends the process, which a handler of ours would change.
  if (process.listenerCount('unhandledRejection') > 0)
    process.prependListener('unhandledRejection', (reason) => maskThrown(mask, reason))
  if (process.listenerCount('uncaughtException') > 0)
    process.prependListener('uncaughtException', (error) => maskThrown(mask, error))
}

type Write = (chunk: unknown, ...more: unknown[]) => boolean

function maskStream(stream: NodeJS.WriteStream, mask: SecretMask): void {
  const write = stream.write.bind(stream) as Write
  const masking: Write = (chunk, ...more) => write(maskedChunk(mask, chunk), ...more)
  stream.write = masking as typeof stream.write
}

/** Those of stdout and stderr. */
const DESCRIPTORS: readonly unknown[] = [1, 2]

/** Callers count what was written by the length of what they gave. */
function maskDescriptors(mask: SecretMask): void {
  const { write, writeSync } = fs
  const masked = (fd: unknown, data: unknown, more: readonly unknown[]): string | undefined => {
    if (!DESCRIPTORS.includes(fd) || mask.isEmpty()) return undefined
    const [offset, length] = more
    const from = typeof offset === 'number' ? offset : 0
    const given =
      data instanceof Uint8Array
        ? data.subarray(from, typeof length === 'number' ? from + length : undefined)
        : data
    const told = maskedChunk(mask, given)
    return typeof told === 'string' && told !== given ? told : undefined
  }
  const lengthOf = (data: unknown, more: readonly unknown[]): number => {
    if (!(data instanceof Uint8Array)) return Buffer.byteLength(String(data))
    const [offset, length] = more
    if (typeof length === 'number') return length
    return data.length - (typeof offset === 'number' ? offset : 0)
  }
  const synchronous = (fd: number, data: unknown, ...more: unknown[]): number => {
    const text = masked(fd, data, more)
    if (text === undefined) return Reflect.apply(writeSync, fs, [fd, data, ...more]) as number
    writeSync(fd, text)
    return lengthOf(data, more)
  }
  const later = (fd: number, data: unknown, ...more: unknown[]): void => {
    const text = masked(fd, data, more)
    const done = more.at(-1) as (error: unknown, written: number, data: unknown) => void
    if (text === undefined) Reflect.apply(write, fs, [fd, data, ...more])
    else write(fd, text, (error) => done(error, error ? 0 : lengthOf(data, more), data))
  }
  Object.assign(fs, { writeSync: synchronous, write: Object.assign(later, write) })
  // For `import { writeSync } from 'node:fs'`.
  syncBuiltinESMExports()
}

function maskedChunk(mask: SecretMask, chunk: unknown): unknown {
  if (typeof chunk === 'string') return mask.text(chunk)
  if (!(chunk instanceof Uint8Array)) return chunk
  const text = Buffer.from(chunk).toString()
  const masked = mask.text(text)
  return masked === text ? chunk : masked
}

/** A value's own inspection may throw. */
function textOf(given: readonly unknown[]): string {
  try {
    return format(...given)
  } catch {
    return ''
  }
}

/** In place, because the other handlers get the same value. Throws a masked copy of what cannot be changed: the process ends by that instead. */
function maskThrown(mask: SecretMask, thrown: unknown): void {
  const masked = mask.value(thrown)
  if (masked === thrown) return
  if (typeof thrown !== 'object') throw new Error(String(masked))
  try {
    Object.assign(thrown as object, masked)
    for (const member of ['message', 'stack', 'cause'] as const)
      if (Object.hasOwn(masked as object, member))
        Object.defineProperty(thrown, member, { value: Reflect.get(masked as object, member) })
  } catch {
    throw masked
  }
}
