import { text } from 'node:stream/consumers'
import type * as z from 'zod'
import { API_PREFIX, type Route } from '../shared/contracts/route.ts'
import { ROUTES, type RouteId } from '../shared/contracts/routes.ts'
import { ProblemSchema } from '../shared/contracts/views.ts'
import { boundedText } from '../shared/domain/bounded.ts'
import { describeIssues } from '../shared/domain/issue.ts'
import { issuesOfZod } from '../shared/domain/issues-of-zod.ts'
import { CliError, EXIT } from './cli-error.ts'

const DEFAULT_URL = 'http://localhost:8000'
const TIMEOUT_MILLISECONDS = 60_000
/** Characters that are shown of an answer that is no problem document. */
const MOST_SAID = 300
/** API Gateway's own names; the region stands in them, but not in those of an emulator. */
const EXECUTE_API = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com/

type Input = Record<string, unknown>
type Output<Id extends RouteId> = z.output<(typeof ROUTES)[Id]['success']['output']>

/** Calls a route of the API and answers its parsed body. Throws CliError with the API's problem. */
export async function callApi<Id extends RouteId>(
  id: Id,
  input: Input = {},
  base = baseUrl(),
): Promise<Output<Id>> {
  const { status, ok, body } = await send(base, requestFor(ROUTES[id] as Route, input, base))
  if (!ok) throw problemOf(status, body, base)
  const answer = ROUTES[id].success.output.safeParse(parse(body, base))
  if (answer.success) return answer.data as Output<Id>
  throw new CliError(
    `${base} answered what the orchestrator's API of this version does not: ${describeIssues(issuesOfZod(answer.error))}`,
    EXIT.unreachable,
  )
}

function baseUrl(): string {
  const url = process.env.ORCHESTRATOR_URL || DEFAULT_URL
  // "localhost:8000" is a URL with the scheme "localhost".
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url
  throw new CliError(`ORCHESTRATOR_URL is "${url}", which is not a URL; an example is ${DEFAULT_URL}`)
}

function requestFor({ method, path, from = {} }: Route, input: Input, base: string): Request {
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  const inPath = given.filter(([name]) => from.path?.includes(name))
  const inQuery = given.filter(([name]) => from.query?.includes(name))
  const inHeaders = given.flatMap(([name, value]) =>
    from.headers?.[name] ? [[from.headers[name], String(value)]] : [],
  )
  const outside = [...(from.path ?? []), ...(from.query ?? []), ...Object.keys(from.headers ?? {})]
  const body = Object.fromEntries(given.filter(([name]) => !outside.includes(name)))
  const filled = inPath.reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(String(value))),
    path,
  )
  const url = new URL(`${API_PREFIX}${filled}`, base)
  for (const [name, value] of inQuery) url.searchParams.set(name, String(value))
  const hasBody = method === 'POST' || method === 'PUT'
  return new Request(url, {
    method,
    headers: {
      accept: 'application/json',
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...Object.fromEntries(inHeaders),
    },
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
  })
}

type Answer = { status: number; ok: boolean; body: string }

/** With its whole body: a server may stop in the middle of it. */
async function send(base: string, request: Request): Promise<Answer> {
  const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS)
  const ready = await signed(request)
  try {
    const response = await fetch(ready, { signal, redirect: 'manual' })
    const link = response.headers.get('location')
    // A link to a large answer is signed itself: S3 refuses it together with the headers of our own signature.
    const { status, ok, body } =
      response.status === 303 && link !== null
        ? await fetch(new URL(link, ready.url), { signal, headers: { accept: 'application/json' } })
        : response
    return { status, ok, body: body === null ? '' : await text(body) }
  } catch (error) {
    if (signal.aborted)
      throw new CliError(`${base} has not answered for ${TIMEOUT_MILLISECONDS / 1_000} s`, EXIT.unreachable)
    const cause = (error as Error).cause as { code?: string; message?: string } | undefined
    const reason = cause?.code ?? cause?.message ?? (error as Error).message
    const hint = base === DEFAULT_URL ? 'is it running? start it with: npm start' : 'check ORCHESTRATOR_URL'
    throw new CliError(`${base} cannot be reached (${reason}); ${hint}`, EXIT.unreachable)
  }
}

/** In an account the API is closed: requests carry the caller's own AWS signature. */
async function signed(request: Request): Promise<Request> {
  const { hostname } = new URL(request.url)
  const [, region = process.env.AWS_REGION ?? 'us-east-1'] = EXECUTE_API.exec(hostname) ?? []
  if (!hostname.includes('.execute-api.')) return request
  const [{ AwsClient }, { fromNodeProviderChain }] = await Promise.all([
    import('aws4fetch'),
    import('@aws-sdk/credential-providers'),
  ])
  const credentials = await fromNodeProviderChain()().catch((error: Error) => {
    throw new CliError(
      `requests to ${hostname} are signed with your AWS credentials, and there are none: ${error.message}`,
    )
  })
  return new AwsClient({ ...credentials, service: 'execute-api', region }).sign(request)
}

function parse(text: string, base: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliError(`${base} did not answer with JSON; is it the orchestrator's API?`, EXIT.unreachable)
  }
}

function problemOf(status: number, text: string, base: string): CliError {
  const { data: problem } = ProblemSchema.safeParse(jsonOf(text))
  if (!problem) {
    const said = boundedText(text.replaceAll(/\s+/g, ' ').trim(), MOST_SAID) || 'nothing'
    return new CliError(
      `${base} answered ${status}, and not as the orchestrator's API does: ${said}`,
      EXIT.unreachable,
    )
  }
  const message = problem.detail ?? problem.title
  if (status < 500) return new CliError(message, EXIT.usage, problem)
  const request = problem.requestId ? `; its logs have it as request ${problem.requestId}` : ''
  return new CliError(`the API has failed (${status}): ${message}${request}`, EXIT.unreachable, problem)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
