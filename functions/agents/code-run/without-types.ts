/**
 * Takes the types off TypeScript, by Node's own parser, in a thread that is used once: it is not made for code that means harm. A source that is nested deeply enough breaks
 * the parser for its whole process, and some sources take it for ever.
 */
import { Worker } from 'node:worker_threads'
import { orAborted } from 'orchestrator/agent'
import type { Fault } from './fault-at.ts'

type Stripped = { texts: string[] } | { fault: Fault }

/** As text: a bundle has no other files. Lines and columns of the texts stay. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { stripTypeScriptTypes } = require('node:module')
  const texts = []
  for (const [at, text] of workerData.entries()) {
    try {
      texts.push(stripTypeScriptTypes(text))
    } catch (error) {
      parentPort.postMessage({ at, message: String(error.message).slice(0, 1000), isOdd: error.code === 'ERR_INTERNAL_ASSERTION' })
      process.exit()
    }
  }
  parentPort.postMessage({ texts })`

const MEMORY_MB = 64

type Said = { texts: string[] } | { at: number; message: string; isOdd: boolean }

/** Code and tests without their types, or why that cannot be: in `milliseconds` at most. Rejects with the signal's reason. */
export async function withoutTypes(
  texts: readonly string[],
  milliseconds: number,
  signal: AbortSignal,
): Promise<Stripped> {
  signal.throwIfAborted()
  const worker = new Worker(THREAD, {
    eval: true,
    workerData: texts,
    env: {},
    execArgv: ['--no-warnings'],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB, maxYoungGenerationSizeMb: 16 },
  })
  const { promise, resolve } = Promise.withResolvers<Stripped>()
  const timer = setTimeout(
    () => resolve(failed('TimeoutError', 'it takes too long to take the types off')),
    milliseconds,
  )
  worker.on('message', (said: Said) => resolve('texts' in said ? said : faultOf(said)))
  worker.on('error', () => resolve(failed('RangeError', TOO_DEEP)))
  worker.on('exit', () => resolve(failed('RangeError', TOO_DEEP)))
  try {
    return await orAborted(signal, () => promise)
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}

const TOO_DEEP = 'it is nested too deeply for its types to be taken off'

const failed = (name: string, message: string): Stripped => ({ fault: { name, message } })

function faultOf({ at, message, isOdd }: { at: number; message: string; isOdd: boolean }): Stripped {
  const where = at === 0 ? ('code' as const) : ('tests' as const)
  if (isOdd) return { fault: { name: 'RangeError', message: TOO_DEEP, at: where } }
  return {
    fault: {
      name: 'SyntaxError',
      message: `not TypeScript whose types can be taken off: ${message}`,
      at: where,
    },
  }
}
