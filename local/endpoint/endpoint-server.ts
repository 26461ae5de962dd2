import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AwsError } from '../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../aws/requests.ts'
import type { CrossOriginAnswer } from '../s3/cross-origin.ts'
import { presignedBy } from '../s3/presigned.ts'
import { refusalOfPage } from './foreign-page.ts'

export type Answer = (request: AwsRequest) => Promise<AwsResponse>
/** What pages of other origins are told; undefined where they may not ask. */
export type CrossOrigin = (
  request: Pick<AwsRequest, 'method' | 'path' | 'headers'>,
) => CrossOriginAnswer | undefined

const MAX_BODY_BYTES = 64 * 1024 * 1024

/** The one port for AWS's wire protocols; `answer` dispatches to the services. */
export function createEndpoint(answer: Answer, crossOrigin: CrossOrigin = () => undefined): Server {
  const server = createServer((incoming, outgoing) => {
    respond({ answer, crossOrigin }, incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.keepAliveTimeout = 60_000
  return server
}

type Door = { answer: Answer; crossOrigin: CrossOrigin }

async function respond(door: Door, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/' } = incoming
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  )
  const body = await readBody(incoming).catch((error: Error) => error)
  const page = pageOf(door.crossOrigin, { method, path: url, headers })
  const request = { method, path: url, headers, body, ...(page ? { origins: [headers.origin ?? ''] } : {}) }
  const response = page?.isPreflight
    ? { status: 200, headers: {}, body: '' }
    : await answerOrRefuse(door.answer, request)
  outgoing.writeHead(response.status, { ...response.headers, ...page?.headers })
  if (response.body instanceof Readable) await pipeline(response.body, outgoing)
  else outgoing.end(response.body)
}

/** Nothing of a path that cannot be read. */
function pageOf(
  crossOrigin: CrossOrigin,
  request: Parameters<CrossOrigin>[0],
): CrossOriginAnswer | undefined {
  // A page whose own name resolves to this machine would be of the same origin.
  if (refusalOfPage(request.headers, { ownPages: false, origins: [request.headers.origin ?? ''] }))
    return undefined
  try {
    return crossOrigin(request)
  } catch {
    return undefined
  }
}

type RawRequest = {
  method: string
  path: string
  headers: Record<string, string>
  body: Buffer | Error
  /** Origins of pages that may ask. */
  origins?: readonly string[]
}

/** Answers one request; never rejects: refusals and faults become errors in AWS's format. */
export async function answerOrRefuse(answer: Answer, request: RawRequest): Promise<AwsResponse> {
  const response = await answered(answer, request)
  return { ...response, headers: { 'x-amzn-requestid': randomUUID(), ...response.headers } }
}

async function answered(
  answer: Answer,
  { method, path, headers, body, origins }: RawRequest,
): Promise<AwsResponse> {
  const isJson = headers['x-amz-target'] !== undefined || path.startsWith('/2015-03-31/')
  try {
    const refusal = refusalOfPage(headers, { ownPages: false, origins })
    if (refusal) throw new AwsError('AccessDeniedException', refusal, 403)
    if (body instanceof Error) throw body
    const signer = /Credential=([^/,]+)\//.exec(headers.authorization ?? '')?.[1]
    // A signed link grants no more than its signer's permissions.
    const accessKeyId = signer ?? presignedBy(path)
    const url = new URL(path, `http://${headers.host ?? '127.0.0.1'}`)
    return await answer({ method, url, path, headers, body, accessKeyId })
  } catch (error) {
    const known = error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500)
    return isJson ? jsonError(known) : xmlError(known)
  }
}

function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let bytes = 0
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
    else reject(new AwsError('EntityTooLarge', `a request is at most ${MAX_BODY_BYTES} bytes`))
  })
  incoming.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
  incoming.on('error', reject)
  return promise
}

function jsonError({ code, message, status }: AwsError): AwsResponse {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': code }
  return { status, headers, body: JSON.stringify({ __type: code, message, Message: message }) }
}

function xmlError({ code, message, status }: AwsError): AwsResponse {
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${text}</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml' }, body }
}
