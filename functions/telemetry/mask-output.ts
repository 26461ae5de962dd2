/**
 * Masks secrets in what a process writes past the host: by `process.stdout`, by the console outside of a step, and in exceptions that nothing
 * has caught. What is written past `process.stdout` itself, as by `fs.writeSync(1)` or by a child process, is not masked.
 *
 * Invariants (tests cite them):
 * mask-output/O1 no value that the mask knows is in what is written by `process.stdout`, `process.stderr` or `console`
 * mask-output/O2 the handlers of the runtime are given an exception, or the reason of a rejection, without such a value
 */
import { format } from 'node:util'
import type { SecretMask } from '../../shared/domain/secret-mask.ts'

const METHODS = ['log', 'info', 'debug', 'warn', 'error', 'trace'] as const

let isMasked = false

/** Once per process, because that is what it changes. */
export function maskOutput(mask: SecretMask): void {
  if (isMasked) return
  isMasked = true
  for (const stream of [process.stdout, process.stderr]) maskStream(stream, mask)
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
