import { FinalError } from '../agent/agent-errors.ts'
import type { FileData } from '../agent/agent-files.ts'
import { shown } from '../domain/shown.ts'

/** Text is encoded in pieces of so many characters, so that a long one is not in memory twice. */
const PIECE = 1024 * 1024
const HIGH_SURROGATE = /[\ud800-\udbff]$/

/** The bytes of what an agent writes. Throws FinalError for what is neither text nor bytes; text becomes UTF-8. */
export async function* chunksOf(data: FileData, name: string): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  // Half of a character at the end of a chunk of text waits for its other half.
  let half = ''
  for await (const chunk of rawChunksOf(data, name)) {
    if (typeof chunk !== 'string') {
      if (half !== '') yield encoder.encode(half)
      half = ''
      yield chunk
      continue
    }
    const text = half + chunk
    half = HIGH_SURROGATE.exec(text)?.[0] ?? ''
    if (text.length > half.length) yield encoder.encode(text.slice(0, text.length - half.length))
  }
  if (half !== '') yield encoder.encode(half)
}

async function* rawChunksOf(data: FileData, name: string): AsyncGenerator<Uint8Array | string> {
  if (typeof data === 'string') yield* piecesOf(data)
  else if (data instanceof Uint8Array) yield data
  else {
    let count = 0
    for await (const chunk of streamOf(data, name)) {
      if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
        const message = `chunk ${count} of the file "${name}" is ${shown(chunk)}; a stream of a file has text or bytes (Uint8Array)`
        throw new FinalError(message)
      }
      count += 1
      yield chunk
    }
  }
}

function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE)
}

function streamOf(data: unknown, name: string): AsyncIterable<unknown> {
  if (isAsyncIterable(data)) return data
  if (data instanceof ReadableStream) return fromReader(data)
  const message = `the file "${name}" is given as ${shown(data)}; a file is made of text, bytes (Uint8Array), a ReadableStream, or an async iterable of text or bytes`
  throw new FinalError(message)
}

const isAsyncIterable = (data: unknown): data is AsyncIterable<unknown> =>
  typeof data === 'object' && data !== null && Symbol.asyncIterator in data

/** Not every platform can iterate a ReadableStream. */
async function* fromReader(stream: ReadableStream<unknown>): AsyncGenerator<unknown> {
  const reader = stream.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    await reader.cancel().catch(() => {})
  }
}
