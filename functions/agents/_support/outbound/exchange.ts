import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { FinalError } from 'orchestrator/agent'

export type Address = { address: string; family: number }

/** One request and its answer, over a connection of its own to one of the addresses. */
export type Exchange = {
  url: URL
  method: string
  headers: Readonly<Record<string, string>>
  body?: string | undefined
  addresses: readonly Address[]
  /** How much of the body is read, counted after it is unpacked. */
  mostBytes: number
  signal: AbortSignal
}

type Exchanged = { status: number; headers: IncomingHttpHeaders; body: Buffer; truncated: boolean }

const UNPACK: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

export async function exchange({
  url,
  method,
  headers,
  body,
  addresses,
  mostBytes,
  signal,
}: Exchange): Promise<Exchanged> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
    url,
    {
      method,
      // No connection of an agent's pool, which goes by names (outbound/O3).
      agent: false,
      lookup: lookupAmong(addresses),
      signal,
      maxHeaderSize: 32 * 1024,
      headers: {
        'user-agent': 'orchestrator',
        accept: '*/*',
        ...headers,
        'accept-encoding': 'gzip, deflate, br',
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      },
    },
    resolve,
  )
  request.on('error', reject)
  request.on('upgrade', (_answer, socket) => {
    socket.destroy()
    reject(new FinalError(`${url.origin} wants to go on in another protocol`))
  })
  // Some ends of a connection are no error to Node; after an answer this does nothing.
  request.on('close', () => reject(new Error('the connection was closed without an answer')))
  request.end(body)
  const answer = await promise
  try {
    if (method === 'HEAD')
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: Buffer.alloc(0),
        truncated: false,
      }
    const { read, truncated } = await readBody(answer, mostBytes)
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: read, truncated }
  } finally {
    request.destroy()
  }
}

/** Answers with the checked addresses, whatever is asked. */
const lookupAmong =
  (addresses: readonly Address[]): LookupFunction =>
  (_hostname, options, callback) => {
    const [first] = addresses
    if (options.all)
      callback(
        null,
        addresses.map((one) => ({ ...one })),
      )
    else callback(null, first?.address ?? '', first?.family ?? 4)
  }

async function readBody(
  answer: IncomingMessage,
  mostBytes: number,
): Promise<{ read: Buffer; truncated: boolean }> {
  const coding = (answer.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  const unpack = UNPACK[coding]
  if (coding !== 'identity' && coding !== '' && !unpack)
    throw new FinalError(
      `the answer is encoded as ${JSON.stringify(coding.slice(0, 50))}, which nobody asked for`,
    )
  const stream = unpack ? unpacked(answer, unpack()) : answer
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    const data = chunk as Buffer
    chunks.push(data.subarray(0, mostBytes - bytes))
    bytes += data.length
    if (bytes > mostBytes) return { read: Buffer.concat(chunks), truncated: true }
  }
  return { read: Buffer.concat(chunks), truncated: false }
}

function unpacked(answer: IncomingMessage, unpack: NodeJS.ReadWriteStream & Readable): Readable {
  answer.on('error', (error) => unpack.destroy(error))
  answer.pipe(unpack)
  return unpack
}
