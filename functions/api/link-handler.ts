import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import * as z from 'zod'
import {
  type DoneByLink,
  findLink,
  lookAtLink,
  useLink,
  userOfLink,
} from '../../shared/app/links/open-link.ts'
import { LINK_PATH, SecretSchema, UseLinkSchema } from '../../shared/contracts/link-requests.ts'
import type { Route } from '../../shared/contracts/route.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { describeIssues } from '../../shared/domain/issue.ts'
import { issuesOfZod } from '../../shared/domain/issues-of-zod.ts'
import { isJsonObject } from '../../shared/domain/json.ts'
import type { StoredLink } from '../../shared/domain/link.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { audited } from '../middleware/audited.ts'
import { issueOfValue } from '../middleware/issue-of-value.ts'
import { bytesOfAnswer, MAX_ANSWER_BYTES } from '../middleware/size-of-answer.ts'
import { askingPage, jsonText, PAGE_HEADERS, tellingPage } from './link-page.ts'

type Needs = Parameters<typeof useLink>[0] & Pick<Ports, 'audit'>
type Event = APIGatewayProxyEventV2
type Answer = APIGatewayProxyStructuredResultV2

const BEFORE = LINK_PATH.replace('{link}', '')

/** Whether a request is for a link; the gateway lets everybody ask there. */
export const isForLink = ({ rawPath }: Pick<Event, 'rawPath'>): boolean => rawPath.startsWith(BEFORE)

/** For the audit: who uses a link needs no scope, because the link is what he may do. */
const USE_LINK: Route = {
  id: 'useLink',
  method: 'POST',
  path: '/links/{link}',
  scope: 'any',
  summary: 'Do what a link is for',
  tag: 'tasks',
  input: UseLinkSchema,
  success: { status: 200, description: 'What was done', output: z.unknown() },
}

/**
 * Opens links: `GET` shows what one offers and changes nothing (link/L3), `POST` does it. The caller is whoever has the link: no header says more. A browser
 * gets a page. The secret is in the query of the one and in the body of the other, neither of which is in a log.
 */
export const linkHandler =
  (ports: Needs) =>
  async (event: Event): Promise<Answer> => {
    const { method } = event.requestContext.http
    if (method !== 'GET' && method !== 'POST')
      throw new OrchestratorError(
        'MethodNotAllowedError',
        `${method} is not for a link; it takes GET, POST`,
        {
          headers: { allow: 'GET, POST' },
        },
      )
    const name = event.rawPath.slice(BEFORE.length)
    const wantsPage = /\btext\/html\b/.test(event.headers.accept ?? '')
    const work =
      method === 'GET' ? () => look(ports, event, name, wantsPage) : () => use(ports, event, name, wantsPage)
    return wantsPage ? inPage(work, method === 'GET' ? undefined : secretOfForm(event)) : work()
  }

/** What is wrong is told in a page, too; after a form that can be sent again, with the way back to it by the secret that came with it. */
async function inPage(work: () => Promise<Answer>, secret?: string): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof OrchestratorError) || error.status >= 500) throw error
    const isMended = error.name === 'InvalidInputError' || error.name === 'TooManyRequestsError'
    const again = isMended ? secret : undefined
    const body = tellingPage('Nothing was done', error.message, again)
    return { statusCode: error.status, headers: PAGE_HEADERS, body }
  }
}

async function look(ports: Needs, event: Event, name: string, wantsPage: boolean): Promise<Answer> {
  const secret = secretIn(event.queryStringParameters?.secret)
  const offered = await lookAtLink(ports, await findLink(ports, name, secret))
  if (!wantsPage) return requireFitting(json(offered))
  const body = askingPage(offered, { action: name, secret })
  return requireFitting({ statusCode: 200, headers: PAGE_HEADERS, body })
}

async function use(ports: Needs, event: Event, name: string, wantsPage: boolean): Promise<Answer> {
  const { secret, ...asked } = bodyOf(event)
  const link = await findLink(ports, name, secret)
  const work = async (): Promise<Answer> => {
    const requireShown = (result: DoneByLink) => void requireFitting(told(result, wantsPage))
    return told(await useLink(ports, link, asked, requireShown), wantsPage)
  }
  return auditedUse(ports, link, work)(event)
}

function told(done: DoneByLink, wantsPage: boolean): Answer {
  if (!wantsPage) return json('answer' in done ? done.answer : done)
  const body =
    'answer' in done
      ? tellingPage('Thank you', `Your answer is kept: ${done.answer.decision}`)
      : tellingPage('The result', jsonText(done.result))
  return { statusCode: 200, headers: PAGE_HEADERS, body }
}

/** Throws ContentTooLargeError: Lambda would answer with an error that says nothing. */
function requireFitting(answer: Answer): Answer {
  const bytes = bytesOfAnswer(answer)
  if (bytes <= MAX_ANSWER_BYTES) return answer
  const message = `what this link shows has ${bytes} bytes as it is sent, more than an answer can have (${MAX_ANSWER_BYTES}): ask who gave you the link for it`
  throw new OrchestratorError('ContentTooLargeError', message, { bytes })
}

/** With an entry in the audit of the link's tenant. */
function auditedUse(ports: Needs, link: StoredLink, work: () => Promise<Answer>) {
  const { tenant, subject, resource } = userOfLink(link)
  const callerOf = () => ({ tenant, subject, kind: 'link' as const, scopes: [] })
  const asked = { link: resource.replace('links/', '') }
  const handler = audited(USE_LINK, work, { ...ports, callerOf })
  return (event: Event) => handler({ ...event, pathParameters: asked })
}

const NO_SECRET = 'there is no such link: it must be opened as it was given'

function secretIn(text: string | undefined): string {
  const { data } = SecretSchema.safeParse(text)
  if (data === undefined) throw new OrchestratorError('NotFoundError', NO_SECRET)
  return data
}

/** JSON, or the form of a page, whose `value` is JSON text. */
const textIn = ({ body = '', isBase64Encoded }: Event): string =>
  isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body

/** The secret in a form, whatever else is wrong with it; undefined where it has none. */
const secretOfForm = (event: Event): string | undefined =>
  SecretSchema.safeParse(new URLSearchParams(textIn(event)).get('secret')).data

function bodyOf(event: Event) {
  const { headers } = event
  const text = textIn(event)
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')
  if (!isForm && !/\bjson\b/i.test(headers['content-type'] ?? ''))
    throw new OrchestratorError(
      'UnsupportedMediaTypeError',
      'the body must say content-type: application/json',
    )
  const value = isForm ? formOf(text) : jsonOf(text, 'the body')
  if (!isJsonObject(value)) throw new OrchestratorError('InvalidInputError', 'the body must be a JSON object')
  const issue = issueOfValue(value)
  if (issue) throw new OrchestratorError('InvalidInputError', issue)
  // Without a secret there is no link: nothing else of the request is told right or wrong.
  secretIn(typeof value.secret === 'string' ? value.secret : undefined)
  const parsed = UseLinkSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = issuesOfZod(parsed.error, { schema: UseLinkSchema, value, what: 'the request' })
  throw new OrchestratorError('InvalidInputError', describeIssues(issues), { issues })
}

function formOf(text: string): Record<string, unknown> {
  const { value, comment, ...rest } = Object.fromEntries(new URLSearchParams(text))
  return {
    ...rest,
    ...(comment ? { comment } : {}),
    ...(value === undefined ? {} : { value: jsonOf(value, 'value') }),
  }
}

function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new OrchestratorError('InvalidInputError', `${what} is not JSON: ${(error as Error).message}`)
  }
}

const json = (value: object): Answer => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(value),
})
