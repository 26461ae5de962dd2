import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { refusalOfPage } from '../endpoint/foreign-page.ts'
import type { Invocation } from '../lambda/function-settings.ts'
import { Authorizers } from './authorizers.ts'
import { crossOriginHeaders, preflightHeaders } from './cross-origin.ts'
import {
  type GatewayApi,
  type GatewayRoute,
  type Matched,
  matchRoute,
  type ServedApi,
} from './gateway-api.ts'

type Invoke = (functionArn: string, payload: string) => Promise<Invocation>

/** The caller in place of an IAM ARN: requests come unsigned from this machine's user. */
const CALLER = 'local'
const ACCOUNT = '000000000000'

/** API Gateway's limit for a request. */
const MAX_BODY_BYTES = 10 * 1024 * 1024

/**
 * An HTTP API: turns requests into Lambda events (payload format 2.0) and back, by the API as it is at each request. Open to programs
 * of this machine, to its own pages and to those of the origins that the API allows; requests from other web pages are refused on
 * every route.
 */
export function createGateway(
  served: ServedApi,
  invoke: Invoke,
  { now = () => performance.now() }: { now?: (() => number) | undefined } = {},
): Server {
  const authorizers = new Authorizers({ invoke, now })
  // As in API Gateway, what is said twice is said with a comma between: Node would take the first of some headers, as of Authorization.
  return createServer({ joinDuplicateHeaders: true }, (incoming, outgoing) => {
    void handle(served, { invoke, authorizers }, incoming)
      .catch((error: unknown) => plain(500, String(error)))
      .then((answer) => send(outgoing, answer, crossOriginHeaders(incoming.headers, served.api?.crossOrigin)))
      .catch(() => outgoing.destroy())
  })
}

type Answer = { statusCode: number; headers: Record<string, string>; body: string | Buffer }

const NO_ROUTES: GatewayApi = { routes: [] }

type Behind = { invoke: Invoke; authorizers: Authorizers }

async function handle(
  { api = NO_ROUTES, isStarting, asksForTokens }: ServedApi,
  { invoke, authorizers }: Behind,
  incoming: IncomingMessage,
): Promise<Answer> {
  const { routes, crossOrigin } = api
  const refusal = refusalOfPage(incoming.headers, { ownPages: true, origins: crossOrigin?.origins })
  if (refusal) return plain(403, `Forbidden: ${refusal}`)
  const preflight = preflightHeaders(incoming.method, incoming.headers, crossOrigin)
  if (preflight) return { statusCode: 204, headers: preflight, body: '' }
  if (isStarting) return STARTING
  const url = parseUrl(incoming.url)
  if (!url) return plain(400, 'Bad Request')
  const { pathname, searchParams } = url
  const matched = matchRoute(routes, incoming.method ?? 'GET', pathname)
  if (!matched) return plain(404, 'Not Found')
  const body = await readBody(incoming)
  if (!body) return plain(413, 'Request Entity Too Large')
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  )
  const event = eventOf(incoming, headers, { url, matched })
  const caller = await callerOf(matched.route, { asksForTokens, authorizers, incoming, searchParams, event })
  if ('status' in caller) return plain(caller.status, MESSAGES[caller.status])
  const { requestContext } = event
  const told = {
    ...event,
    requestContext: { ...requestContext, ...caller },
    ...(body.length > 0 ? { body: body.toString('utf8') } : {}),
    isBase64Encoded: false,
  }
  return answerOf(await invoke(matched.route.functionArn, JSON.stringify(told)))
}

/** API Gateway's own answers. */
const MESSAGES = { 401: 'Unauthorized', 403: 'Forbidden', 500: 'Internal Server Error' } as const

type Asked = {
  asksForTokens: boolean
  authorizers: Authorizers
  incoming: IncomingMessage
  searchParams: URLSearchParams
  event: object
}

/** What the request context says of the caller, or the status that refuses him. */
async function callerOf({ authorizer }: GatewayRoute, asked: Asked) {
  const { asksForTokens, authorizers, incoming, searchParams, event } = asked
  if (authorizer === undefined)
    return asksForTokens ? {} : { authorizer: { iam: { accountId: ACCOUNT, userArn: CALLER } } }
  const verdict = await authorizers.ask(authorizer, { headers: incoming.headers, query: searchParams }, event)
  return 'status' in verdict ? verdict : { authorizer: { lambda: verdict.context } }
}

type Place = { url: URL; matched: Matched }

/** The event without the caller and the body. */
function eventOf(incoming: IncomingMessage, headers: Record<string, string>, { url, matched }: Place) {
  const { pathname, searchParams, search } = url
  const routeKey = `${matched.route.method} ${matched.route.path}`
  const query = joined(searchParams)
  return {
    version: '2.0',
    routeKey,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers,
    ...(Object.keys(query).length > 0 ? { queryStringParameters: query } : {}),
    ...(Object.keys(matched.parameters).length > 0 ? { pathParameters: matched.parameters } : {}),
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'local',
      domainName: incoming.headers.host,
      http: {
        method: incoming.method,
        path: pathname,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: new Date().toISOString(),
      timeEpoch: Date.now(),
    },
  }
}

/** The values of a repeated query parameter, joined by commas as in API Gateway. */
function joined(parameters: URLSearchParams): Record<string, string> {
  const names = new Set(parameters.keys())
  return Object.fromEntries([...names].map((name) => [name, parameters.getAll(name).join(',')]))
}

function answerOf(outcome: Invocation): Answer {
  if ('functionError' in outcome) return plain(500, 'Internal Server Error')
  const answer = JSON.parse(outcome.payload) as {
    statusCode?: number
    headers?: Record<string, string>
    body?: string
    isBase64Encoded?: boolean
  }
  const body = answer.isBase64Encoded ? Buffer.from(answer.body ?? '', 'base64') : (answer.body ?? '')
  return { statusCode: answer.statusCode ?? 200, headers: answer.headers ?? {}, body }
}

/** Undefined for an invalid URL, or one whose escapes are not UTF-8. */
function parseUrl(path = '/'): URL | undefined {
  try {
    const url = new URL(`http://localhost${path}`)
    decodeURIComponent(url.pathname)
    return url
  } catch {
    return undefined
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined
}

function plain(statusCode: number, message: string): Answer {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) }
}

/** In the form of the API's own answers. */
const STARTING: Answer = {
  statusCode: 503,
  headers: { 'content-type': 'application/problem+json', 'retry-after': '1' },
  body: JSON.stringify({
    type: 'urn:orchestrator:StartingError',
    title: 'Service Unavailable',
    status: 503,
    detail: 'the local cloud is starting: its functions are being made and registered; send it again in 1 s',
  }),
}

/** For browsers that send no Sec-Fetch-Site: no other page may embed an answer as script, image or frame. */
const NO_EMBEDDING = {
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

function send(
  outgoing: ServerResponse,
  { statusCode, headers, body }: Answer,
  crossOrigin: Record<string, string>,
): void {
  const length = statusCode === 204 ? {} : { 'content-length': Buffer.byteLength(body) }
  outgoing.writeHead(statusCode, { ...NO_EMBEDDING, ...headers, ...crossOrigin, ...length })
  outgoing.end(body)
}
