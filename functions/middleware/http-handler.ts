import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type * as z from 'zod'
import type { Route } from '../../shared/contracts/route.ts'
import type { Caller } from '../../shared/domain/caller.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { describeIssues } from '../../shared/domain/issue.ts'
import { issuesOfZod } from '../../shared/domain/issues-of-zod.ts'
import { isJsonObject } from '../../shared/domain/json.ts'
import { withoutUndefined } from '../../shared/domain/without-undefined.ts'
import type { AnswerStore } from '../adapters/s3/answer-store.ts'
import { callerOfRequest } from './caller-of-request.ts'
import { issueOfValue } from './issue-of-value.ts'

/** The body parser has put the parsed body in the place of its text. */
type Event = Omit<APIGatewayProxyEventV2, 'body'> & { body?: unknown }

export type Door = {
  /** For answers that are too large; without it they are refused. */
  answers?: AnswerStore | undefined
  /** Who asks, by what has been verified before the function was called. */
  callerOf?: (event: APIGatewayProxyEventV2) => Caller
}

/** What a function answers at most, as Lambda measures it: the envelope, in which the body is a text with its quotes escaped. */
const MAX_ANSWER_BYTES = 6 * 1_024 * 1_024 - 1_024

/**
 * A route and its use case as a Lambda handler: parse once at the edge, call, answer JSON. What a reader asks for and is too large is
 * given by a link: 303, which clients follow.
 */
export function httpHandler<Input extends z.ZodType, Output extends z.ZodType>(
  route: Route<Input, Output>,
  useCase: (input: z.output<Input>, caller: Caller) => Promise<z.input<Output>>,
  { answers, callerOf = callerOfRequest }: Door = {},
): (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2> {
  return async (event) => {
    const output = await useCase(parseRequest(route, event), callerOf(event))
    const body = JSON.stringify(output)
    const answer = {
      statusCode: route.success.status,
      headers: { 'content-type': 'application/json' },
      body,
    }
    const bytes = Buffer.byteLength(JSON.stringify(answer))
    if (bytes <= MAX_ANSWER_BYTES) return answer
    if (answers && route.method === 'GET')
      return { statusCode: 303, headers: { location: await answers.keep(body), 'cache-control': 'no-store' } }
    const message = `the answer has ${bytes} bytes as it is sent; the API gives at most ${MAX_ANSWER_BYTES}: ask for less`
    throw new OrchestratorError('ContentTooLargeError', message, { bytes })
  }
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
  // The parser leaves alone what does not say that it is JSON. Text that does may be JSON's own.
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
