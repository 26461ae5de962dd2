import { type AgentContext, FinalError, type Json } from 'orchestrator/agent'
import { callHost, type OutboundAnswer, type Surroundings } from '../_support/outbound/call-host.ts'
import { requireSuccess } from '../_support/outbound/require-status.ts'
import type { RequestInput, Response } from './schemas.ts'

const MOST_REDIRECTS = 5
const READING = ['GET', 'HEAD']

type Context = Pick<AgentContext, 'signal' | 'once' | 'files'>

/** Sends one request. What may change something is sent once over all attempts, with the same `Idempotency-Key`. */
export async function request(
  input: RequestInput,
  around: Surroundings,
  context: Context,
): Promise<Response> {
  const { method } = input
  const send = async (headers: Record<string, string>): Promise<Sent> => {
    const answer = await callHost({ ...outboundOf(input, headers), method }, around, context.signal)
    if (!input.anyStatus) requireSuccess(answer, method)
    return { ...answer, body: answer.body.toString('base64') }
  }
  const sent = READING.includes(method)
    ? await send({})
    : await context.once('request', (key) => send({ 'idempotency-key': key }))
  return responseOf(sent, input, context)
}

/** As the ledger of effects keeps it: JSON. */
type Sent = Omit<OutboundAnswer, 'body'> & { body: string }

function outboundOf(
  { url, headers, json, body, timeoutSeconds, maxBytes }: RequestInput,
  own: Record<string, string>,
) {
  const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' }
  const names = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  return {
    url,
    headers: { ...own, ...type, ...names },
    body: json === undefined ? body : JSON.stringify(json),
    timeoutSeconds,
    mostBytes: maxBytes,
    mostRedirects: MOST_REDIRECTS,
  }
}

async function responseOf(
  { body, ...sent }: Sent,
  { saveAs }: RequestInput,
  { files }: Context,
): Promise<Response> {
  const bytes = Buffer.from(body, 'base64')
  const { url, status, headers, truncated, redirects } = sent
  const told = { url, status, headers, bytes: bytes.length, truncated, redirects }
  if (saveAs === undefined) return { ...told, ...contentOf(bytes, headers['content-type'] ?? '', truncated) }
  if (truncated)
    throw new FinalError(
      `the body is longer than maxBytes (${bytes.length}): no part of it is written to a file`,
    )
  return {
    ...told,
    file: await files.write(saveAs, bytes, { contentType: headers['content-type']?.split(';')[0] }),
  }
}

function contentOf(
  bytes: Buffer,
  type: string,
  truncated: boolean,
): Pick<Response, 'json' | 'text' | 'base64'> {
  if (bytes.length === 0) return {}
  const text = textIn(bytes, type, truncated)
  if (text === undefined) return { base64: bytes.toString('base64') }
  if (!/^application\/(?:[a-z0-9.-]+\+)?json\b/i.test(type)) return { text }
  try {
    return { json: JSON.parse(text) as Json }
  } catch {
    return { text }
  }
}

/** Undefined where the bytes are no text in the charset that the type says, UTF-8 by default. The last character of a cut text may be missing. */
function textIn(bytes: Buffer, type: string, truncated: boolean): string | undefined {
  const charset = /charset="?([\w-]+)/i.exec(type)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes, { stream: truncated })
  } catch {
    return undefined
  }
}
