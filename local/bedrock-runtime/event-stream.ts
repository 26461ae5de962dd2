import { crc32 } from 'node:zlib'

/**
 * The framing of AWS event streams (application/vnd.amazon.eventstream): total length, length of headers and their checksum, headers,
 * payload, checksum of all before.
 */
const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
/** The type of a header's value: text. */
const TEXT = 7

/** An event of a stream. */
export const eventFrame = (type: string, payload: unknown): Buffer =>
  frame({ ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' }, payload)

/** An error within a stream, as `throttlingException`. */
export const exceptionFrame = (type: string, message: string): Buffer =>
  frame(
    { ':message-type': 'exception', ':exception-type': type, ':content-type': 'application/json' },
    { message },
  )

function frame(headers: Readonly<Record<string, string>>, payload: unknown): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => headerOf(name, value)))
  const body = Buffer.from(JSON.stringify(payload))
  const prelude = Buffer.alloc(PRELUDE_BYTES)
  prelude.writeUInt32BE(PRELUDE_BYTES + head.length + body.length + CHECKSUM_BYTES, 0)
  prelude.writeUInt32BE(head.length, 4)
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8)
  const message = Buffer.concat([prelude, head, body])
  const checksum = Buffer.alloc(CHECKSUM_BYTES)
  checksum.writeUInt32BE(crc32(message))
  return Buffer.concat([message, checksum])
}

function headerOf(name: string, value: string): Buffer {
  const [key, text] = [Buffer.from(name), Buffer.from(value)]
  const length = Buffer.alloc(3)
  length.writeUInt8(TEXT, 0)
  length.writeUInt16BE(text.length, 1)
  return Buffer.concat([Buffer.from([key.length]), key, length, text])
}
