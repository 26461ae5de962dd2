/** What a reply of an agent elsewhere means: the statuses of HTTP, and the results of Lambda functions, as the contract says. */
import type * as z from 'zod'
import {
  type AgentAnswer,
  AgentProblemSchema,
  LambdaAnswerSchema,
  MOST_CALL_BYTES,
  OutputAnswerSchema,
  SuspendedAnswerSchema,
} from '../../contracts/agent-contract.ts'
import { boundedText } from '../../domain/bounded.ts'
import { describeIssues } from '../../domain/issue.ts'
import { issuesOfZod } from '../../domain/issues-of-zod.ts'
import type { ElsewhereReply } from '../../ports/elsewhere.ts'

type HttpReply = Extract<ElsewhereReply, { kind: 'http' }>
type LambdaReply = Extract<ElsewhereReply, { kind: 'lambda' }>

const MOST_TOLD = 500

export const readAnswer = (reply: ElsewhereReply, now: Date): AgentAnswer =>
  reply.kind === 'http' ? answerOfHttp(reply, now) : answerOfLambda(reply)

/** Statuses below 500 after which the same request may succeed later. */
const LATER = [408, 421, 425]

function answerOfHttp(reply: HttpReply, now: Date): AgentAnswer {
  const { status, headers } = reply
  const told = `it answered ${status}${reasonIn(reply)}`
  const wait = waitOf(headers['retry-after'], now)
  if (status === 200) return parsed(reply, OutputAnswerSchema, 'output')
  if (status === 202)
    return parsed({ ...reply, body: reply.body.trim() || '{}' }, SuspendedAnswerSchema, 'suspended')
  if (status === 429 || (status === 503 && wait !== undefined))
    return { kind: 'busy', message: told, waitSeconds: wait }
  if (status >= 500 || LATER.includes(status))
    return { kind: 'transient', message: told, retryAfterSeconds: wait }
  if (status >= 300 && status < 400)
    return {
      kind: 'final',
      message: `${told}, and redirects are not followed: register the address that it names`,
    }
  if (status >= 200 && status < 300)
    return { kind: 'final', message: `${told}; it must be 200 with an output, or 202` }
  return { kind: 'final', message: told, details: { status } }
}

function answerOfLambda(reply: LambdaReply): AgentAnswer {
  const { functionError, payload } = reply
  if (functionError !== undefined)
    return { kind: 'transient', message: `its function failed (${functionError})${errorIn(payload)}` }
  const value = jsonIn(payload)
  if (reply.truncated || value === undefined) return notJson(reply.truncated, payload)
  // One of the three, by its member: issues of the other two would tell nothing.
  const member = ['error', 'suspended'].find((name) => isObject(value) && name in value) ?? 'output'
  const schema = LambdaAnswerSchema.options[['error', 'suspended', 'output'].indexOf(member)] as z.ZodType
  const read = schema.safeParse(value)
  if (!read.success) return misfit(schema, value, read.error)
  const data = read.data as z.infer<typeof LambdaAnswerSchema>
  if ('error' in data) {
    const { kind, message, retryAfterSeconds } = data.error
    const cost = costOf(data)
    if (kind === 'busy') return { kind, message, waitSeconds: retryAfterSeconds, ...cost }
    if (kind === 'transient') return { kind, message, retryAfterSeconds, ...cost }
    return { kind, message, ...cost }
  }
  if ('suspended' in data) {
    const { suspended: _, ...rest } = data
    return { kind: 'suspended', ...rest }
  }
  return { kind: 'output', ...data }
}

const costOf = ({ costUsd, tokens }: { costUsd?: number | undefined; tokens?: number | undefined }) => ({
  costUsd,
  tokens,
})

function parsed<K extends 'output' | 'suspended'>(
  { body, truncated }: Pick<HttpReply, 'body' | 'truncated'>,
  schema: z.ZodType,
  kind: K,
): AgentAnswer {
  const value = truncated ? undefined : jsonIn(body)
  if (value === undefined) return notJson(truncated, body)
  const read = schema.safeParse(value)
  if (!read.success) return misfit(schema, value, read.error)
  return { kind, ...(read.data as object) } as AgentAnswer
}

const misfit = (schema: z.ZodType, value: unknown, error: z.ZodError): AgentAnswer => ({
  kind: 'final',
  message: `its answer is not as the contract says: ${describeIssues(issuesOfZod(error, { schema, value }))}`,
})

const notJson = (truncated: boolean, text: string): AgentAnswer => ({
  kind: 'final',
  message: truncated
    ? `its answer has more than ${MOST_CALL_BYTES} bytes; larger results belong into a store of its own`
    : `its answer is no JSON: ${JSON.stringify(boundedText(text, MOST_TOLD))}`,
})

/** What a failure says of itself: the problem document, else the beginning of the text. */
function reasonIn({ body }: HttpReply): string {
  const problem = AgentProblemSchema.safeParse(jsonIn(body))
  const { title, detail } = problem.success ? problem.data : {}
  const said = [title, detail].filter((one) => one !== undefined && one !== '').join(': ')
  const text = said === '' ? body.replace(/\s+/g, ' ').trim() : said
  return text === '' ? '' : `: ${boundedText(text, MOST_TOLD)}`
}

/** `{errorType, errorMessage}`, as runtimes of Lambda report a failure. */
function errorIn(payload: string): string {
  const value = jsonIn(payload)
  if (!isObject(value)) return ''
  const { errorType, errorMessage } = value
  const said = [errorType, errorMessage].filter((one) => typeof one === 'string' && one !== '').join(': ')
  return said === '' ? '' : `: ${boundedText(said, MOST_TOLD)}`
}

/** `Retry-After` in seconds, or as a date; undefined where it is neither. */
function waitOf(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined
  const seconds = /^\d+$/.test(header.trim())
    ? Number(header)
    : Math.ceil((Date.parse(header) - now.getTime()) / 1_000)
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
