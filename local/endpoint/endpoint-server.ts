import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AwsError } from '../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../aws/requests.ts'
import { presignedBy } from '../s3/presigned.ts'
import { refusalOfPage } from './foreign-page.ts'

export type Answer = (request: AwsRequest) => Promise<AwsResponse>

const MAX_BODY_BYTES = 64 * 1024 * 1024

/** The one port for AWS's wire protocols; `answer` dispatches to the services. */
export function createEndpoint(answer: Answer): Server {
  const server = createServer((incoming, outgoing) => {
    respond(answer, incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.keepAliveTimeout = 60_000
  return server
}

async function respond(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/' } = incoming
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  )
  const response = await answerOrRefuse(answer, {
    method,
    path: url,
    headers,
    body: await readBody(incoming).catch((error: Error) => error),
  })
  outgoing.writeHead(response.status, response.headers)
  if (response.body instanceof Readable) await pipeline(response.body, outgoing)
  else outgoing.end(response.body)
}

type RawRequest = { method: string; path: string; headers: Record<string, string>; body: Buffer | Error }

/** Answers one request; never rejects: refusals and faults become errors in AWS's format. */
export async function answerOrRefuse(
  answer: Answer,
  { method, path, headers, body }: RawRequest,
): Promise<AwsResponse> {
  const response = await answered(answer, { method, path, headers, body })
  return { ...response, headers: { 'x-amzn-requestid': randomUUID(), ...response.headers } }
}

async function answered(answer: Answer, { method, path, headers, body }: RawRequest): Promise<AwsResponse> {
  const isJson = headers['x-amz-target'] !== undefined || path.startsWith('/2015-03-31/')
  try {
    const refusal = refusalOfPage(headers, { ownPages: false })
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
