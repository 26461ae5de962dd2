import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { answerCallback, hearCallback } from '../../shared/app/suspending/answer-callback.ts'
import { AnswerCallbackSchema, CALLBACK_PATH } from '../../shared/contracts/callback-requests.ts'
import { partsOfCallback } from '../../shared/domain/callback.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { describeIssues } from '../../shared/domain/issue.ts'
import { issuesOfZod } from '../../shared/domain/issues-of-zod.ts'
import { isJsonObject } from '../../shared/domain/json.ts'
import { MOST_CALLBACK_BYTES } from '../../shared/domain/suspension.ts'
import { issueOfValue } from '../middleware/issue-of-value.ts'

type Needs = Parameters<typeof answerCallback>[0]
type Event = APIGatewayProxyEventV2
type Answer = APIGatewayProxyStructuredResultV2

const BEFORE = CALLBACK_PATH.replace('{token}', '')
const HEARTBEAT = '/heartbeat'

/** An answer that is written with escapes and spaces is longer than its JSON. A stranger makes us read no more. */
const MOST_CHARACTERS = 4 * MOST_CALLBACK_BYTES

/** Whether a request is for a callback; every gateway lets everybody ask there. */
export const isForCallback = ({ rawPath }: Pick<Event, 'rawPath'>): boolean => rawPath.startsWith(BEFORE)

/** Takes what outside jobs answer. The caller is whoever has the token of the callback: no header says more. */
export const callbackHandler = (ports: Needs) => {
  const [answer, hear] = [answerCallback(ports), hearCallback(ports)]
  return async (event: Event): Promise<Answer> => {
    const { method } = event.requestContext.http
    if (method !== 'POST')
      throw new OrchestratorError('MethodNotAllowedError', `${method} is not for a callback; it takes POST`, {
        headers: { allow: 'POST' },
      })
    const rest = event.rawPath.slice(BEFORE.length)
    const isHeartbeat = rest.endsWith(HEARTBEAT)
    const token = isHeartbeat ? rest.slice(0, -HEARTBEAT.length) : rest
    if (isHeartbeat) return json(await hear({ token }))
    // The body of somebody without a token is not read.
    return json(await answer(partsOfCallback(token) ? bodyOf(event, token) : { token, output: null }))
  }
}

/** The request with its body. Throws UnsupportedMediaTypeError, ContentTooLargeError and InvalidInputError. */
function bodyOf({ headers, body = '', isBase64Encoded }: Event, token: string) {
  if (!/\bjson\b/i.test(headers['content-type'] ?? ''))
    throw new OrchestratorError(
      'UnsupportedMediaTypeError',
      'the body must say content-type: application/json',
    )
  if (body.length > MOST_CHARACTERS)
    throw new OrchestratorError(
      'ContentTooLargeError',
      `the body has ${body.length} characters; an answer has at most ${MOST_CALLBACK_BYTES} bytes of JSON: upload larger results as a file, and answer with its name`,
      { characters: body.length },
    )
  const value = parsedJson(isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body)
  if (!isJsonObject(value))
    throw new OrchestratorError(
      'InvalidInputError',
      'the body must be a JSON object: {"output": ...} or {"error": {"name": "...", "message": "..."}}',
    )
  const issue = issueOfValue(value)
  if (issue) throw new OrchestratorError('InvalidInputError', issue)
  const asked = { ...value, token }
  const parsed = AnswerCallbackSchema.safeParse(asked)
  if (parsed.success) return parsed.data
  const issues = issuesOfZod(parsed.error, {
    schema: AnswerCallbackSchema,
    value: asked,
    what: 'the request',
  })
  throw new OrchestratorError('InvalidInputError', describeIssues(issues), { issues })
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new OrchestratorError('InvalidInputError', `the body is not JSON: ${(error as Error).message}`)
  }
}

const json = (value: object): Answer => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(value),
})
