import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type * as z from 'zod'
import { API_PREFIX, type Route } from '../../shared/contracts/route.ts'
import { type Caller, mayDo } from '../../shared/domain/caller.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { describeIssues } from '../../shared/domain/issue.ts'
import { issuesOfZod } from '../../shared/domain/issues-of-zod.ts'
import { isJsonObject } from '../../shared/domain/json.ts'
import { withoutUndefined } from '../../shared/domain/without-undefined.ts'
import type { AnswerStore } from '../adapters/s3/answer-store.ts'
import { callerOfRequest } from './caller-of-request.ts'
import { issueOfValue } from './issue-of-value.ts'
import { bytesOfAnswer, MAX_ANSWER_BYTES } from './size-of-answer.ts'

/** An event whose body the parser has replaced by its parsed value. */
type Event = Omit<APIGatewayProxyEventV2, 'body'> & { body?: unknown }

export type Door = {
  /** Stores answers that exceed Lambda's limit (claim check); without it they are refused. */
  answers?: AnswerStore | undefined
  /** The authenticated caller of a request. */
  callerOf?: (event: APIGatewayProxyEventV2) => Caller
}

/**
 * A route and its use case as a Lambda handler: who asks and may they, parse once at the edge, call, answer JSON. The answer to a read that is too large
 * is stored, and sent as a link (303), which clients follow.
 */
export function httpHandler<Input extends z.ZodType, Output extends z.ZodType>(
  route: Route<Input, Output>,
  useCase: (input: z.output<Input>, caller: Caller) => Promise<z.input<Output>>,
  { answers, callerOf = callerOfRequest }: Door = {},
): (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2> {
  return async (event) => {
    const caller = callerOf(event)
    requireScope(route, caller)
    const output = await useCase(parseRequest(route, event), caller)
    const body = JSON.stringify(output)
    const answer = {
      statusCode: route.success.status,
      headers: { 'content-type': 'application/json', ...locationOf(route, output) },
      body,
    }
    const bytes = bytesOfAnswer(answer)
    if (bytes <= MAX_ANSWER_BYTES) return answer
    if (answers && route.method === 'GET')
      return { statusCode: 303, headers: { location: await answers.keep(body), 'cache-control': 'no-store' } }
    const message = `the answer has ${bytes} bytes as it is sent; the API gives at most ${MAX_ANSWER_BYTES}: ask for less`
    throw new OrchestratorError('ContentTooLargeError', message, { bytes })
  }
}

/** Before anything of the request is read: its answer must not tell a caller without the scope what would be right. */
function requireScope({ method, path, scope }: Route, caller: Caller): void {
  if (mayDo(caller, scope)) return
  const held = caller.scopes.length > 0 ? caller.scopes.join(', ') : 'none'
  const message = `${method} ${API_PREFIX}${path} needs the scope "${scope}"; this caller holds ${held}`
  throw new OrchestratorError('ForbiddenError', message, { scope })
}

/** The `Location` of the created resource. */
function locationOf({ success: { location } }: Route, output: unknown): { location?: string } {
  if (location === undefined || !isJsonObject(output)) return {}
  const filled = location.replace(/\{(\w+)\}/g, (_all, name: string) =>
    encodeURIComponent(String(output[name])),
  )
  return { location: `${API_PREFIX}${filled}` }
}

function parseRequest<Input extends z.ZodType>(route: Route<Input>, event: Event): z.output<Input> {
  const { path = [], query = [], headers = {} } = route.from ?? {}
  const body = bodyOf(event)
  const parameters = event.queryStringParameters ?? {}
  refuse(
    Object.keys(parameters).filter((name) => !query.includes(name)),
    'is not a query parameter here',
    query,
  )
  const elsewhere = [...path, ...query, ...Object.keys(headers)]
  refuse(
    Object.keys(body).filter((name) => elsewhere.includes(name)),
    'does not belong in the body',
    [],
  )
  const given = {
    ...body,
    ...pick(query, parameters),
    ...pick(path, event.pathParameters ?? {}),
    ...Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, event.headers[header]])),
  }
  const value = withoutUndefined(given)
  const parsed = route.input.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = issuesOfZod(parsed.error, { schema: route.input, value, what: 'the request' })
  throw new OrchestratorError('InvalidInputError', describeIssues(issues), { issues })
}

function bodyOf({ body = {}, headers }: Event): Record<string, unknown> {
  // The parser skips bodies without a JSON content type. A body that has one may still be a JSON string.
  if (typeof body === 'string' && !/json/i.test(headers['content-type'] ?? '')) {
    throw new OrchestratorError(
      'UnsupportedMediaTypeError',
      'the body must say content-type: application/json',
    )
  }
  if (!isJsonObject(body)) throw new OrchestratorError('InvalidInputError', 'the body must be a JSON object')
  const issue = issueOfValue(body)
  if (issue) throw new OrchestratorError('InvalidInputError', issue)
  return body
}

function refuse(names: readonly string[], why: string, known: readonly string[]): void {
  if (names.length === 0) return
  const hint = known.length > 0 ? `; known: ${known.join(', ')}` : ''
  throw new OrchestratorError('InvalidInputError', names.map((name) => `"${name}" ${why}`).join('; ') + hint)
}

function pick(names: readonly string[], from: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, from[name]]))
}
