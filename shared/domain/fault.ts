/**
 * What a thrown value says of its own: where it was thrown, and why. It comes from agents' code, so it may be anything.
 *
 * Invariants (tests cite them):
 * fault/F1 reading never throws and ends, whichever value was thrown: getters that throw, causes that are circular
 * fault/F2 stack, causes and their texts are bounded, and have no control characters
 * fault/F3 credentials of well-known forms are masked
 */
import * as z from 'zod'
import { boundedText, failureOf, MOST_ENTRY_CHARACTERS } from './bounded.ts'
import { isOrchestratorError } from './errors.ts'
import { memberOf } from './transient-error.ts'
import { withoutSecrets } from './without-secrets.ts'
import { withoutUndefined } from './without-undefined.ts'

const StackSchema = z
  .string()
  .optional()
  .describe(
    'The frames of its stack, the innermost first, by files of the project; without those of the host and of Node.js',
  )
const CodeSchema = z
  .string()
  .optional()
  .describe('The code of the system or a library: ECONNREFUSED, ENOENT, ...')

export const CauseSchema = z.object({
  name: z.string(),
  message: z.string(),
  code: CodeSchema,
  stack: StackSchema,
})
export type Cause = z.infer<typeof CauseSchema>

/** The failure of an attempt, as the record keeps it. */
export const FaultSchema = z.object({
  name: z.string(),
  message: z.string(),
  code: CodeSchema,
  stack: StackSchema,
  causes: z
    .array(CauseSchema)
    .optional()
    .describe('Its cause, the cause of that, and so on; after an AggregateError its errors'),
  details: z
    .string()
    .optional()
    .describe('JSON text of what a FinalError or RetryableError has in its `details`, cut where it is long'),
})
export type Fault = z.infer<typeof FaultSchema>
/** All but what every failure has. */
export type FaultDetails = Pick<Fault, 'code' | 'stack' | 'causes' | 'details'>

const MOST_STACK_CHARACTERS = 8_000
const MOST_CAUSE_STACK_CHARACTERS = 1_000
const MOST_CODE_CHARACTERS = 100
const MOST_DETAILS_CHARACTERS = 4_000
const MOST_CAUSES = 8
/** A stack is as long as its thrower makes it; only the beginning is looked at. */
const MOST_READ_CHARACTERS = 40_000

/** Frames of the host around an agent, and of Node.js below it: the same in every stack. */
const FRAME_OF_OTHERS = new RegExp(
  [
    '[( ]node:',
    // A bundle of a project names our sources by the package, one of the checkout without it.
    '[( ](node_modules/)?(orchestrator/)?(shared/host|functions/(steps|middleware|telemetry))/',
    'node_modules/@?(middy|aws-lambda-powertools)/',
    String.raw`at new Promise \(<anonymous>\)`,
    '/var/runtime/',
    'local/lambda/sandbox/',
  ].join('|'),
)

type Mask = (text: string) => string

/** Throws nothing (fault/F1). `known` masks what it knows of before texts are cut. */
export function faultOf(thrown: unknown, known: Mask = (text) => text): FaultDetails {
  const mask: Mask = (text) => withoutSecrets(known(text))
  const causes = causesOf(thrown, mask)
  return withoutUndefined({
    code: codeOf(thrown, mask),
    stack: stackOf(thrown, MOST_STACK_CHARACTERS, mask),
    causes: causes.length > 0 ? causes : undefined,
    details: detailsOf(thrown, mask),
  })
}

/** Which the record has elsewhere, as a time. */
const WAITS = ['retryAfterSeconds', 'waitSeconds']

/** Undefined where there are none, or where they are no JSON (fault/F1). */
function detailsOf(thrown: unknown, mask: Mask): string | undefined {
  if (!isOrchestratorError(thrown)) return undefined
  try {
    const told = Object.entries(Object(memberOf(thrown, 'details'))).filter(([name]) => !WAITS.includes(name))
    const text = told.length > 0 ? JSON.stringify(Object.fromEntries(told)) : undefined
    return text === undefined || text === '{}' ? undefined : boundedText(mask(text), MOST_DETAILS_CHARACTERS)
  } catch {
    return undefined
  }
}

/** What `fetch` says of every failure; the reason is in its cause. */
const FETCH_FAILED = 'fetch failed'

/**
 * How the failure of a connection says which one it was: the innermost cause with a code, of `fetch` the innermost one, if the message does
 * not say it already.
 */
export function reasonIn({ causes = [] }: FaultDetails, message: string): string | undefined {
  const coded = causes.findLast(({ code }) => code !== undefined)
  const reason = (coded ?? (message === FETCH_FAILED ? causes.at(-1) : undefined))?.message
  return reason === undefined || reason === '' || message.includes(reason) ? undefined : reason
}

function causesOf(thrown: unknown, mask: Mask): Cause[] {
  const seen = new Set<unknown>([thrown])
  const found: Cause[] = []
  const walk = (error: unknown): void => {
    const errors = memberOf(error, 'errors')
    const inner = [memberOf(error, 'cause'), ...(Array.isArray(errors) ? errors.slice(0, MOST_CAUSES) : [])]
    for (const one of inner) {
      if (one === undefined || one === null || seen.has(one) || found.length >= MOST_CAUSES) continue
      seen.add(one)
      found.push(causeOf(one, mask))
      walk(one)
    }
  }
  walk(thrown)
  return found
}

function causeOf(error: unknown, mask: Mask): Cause {
  const { name, message } = failureOf(error, mask)
  const code = codeOf(error, mask)
  return withoutUndefined({
    name,
    message: boundedText(mask(messageWith(message, error, code)), MOST_ENTRY_CHARACTERS),
    code,
    stack: stackOf(error, MOST_CAUSE_STACK_CHARACTERS, mask),
  })
}

/** Not every library says in its message what the error knows. */
function messageWith(message: string, error: unknown, code: string | undefined): string {
  const socket = memberOf(error, 'socket')
  const host = memberOf(error, 'address') ?? memberOf(error, 'hostname') ?? memberOf(socket, 'remoteAddress')
  const port = memberOf(error, 'port') ?? memberOf(socket, 'remotePort')
  const place = typeof host === 'string' ? `${host}${typeof port === 'number' ? `:${port}` : ''}` : undefined
  const missing = [code, place].filter((part) => part !== undefined && !message.includes(part)).join(' ')
  if (missing === '') return message
  return message === '' ? missing : `${message} (${missing})`
}

function codeOf(error: unknown, mask: Mask): string | undefined {
  const code = memberOf(error, 'code')
  return typeof code === 'string' && code !== '' ? boundedText(mask(code), MOST_CODE_CHARACTERS) : undefined
}

function stackOf(error: unknown, most: number, mask: Mask): string | undefined {
  const stack = memberOf(error, 'stack')
  if (typeof stack !== 'string') return undefined
  const lines = stack.slice(0, MOST_READ_CHARACTERS).split('\n')
  const first = lines.findIndex((line) => /^\s+at /.test(line))
  // Its first lines repeat name and message.
  const frames = first === -1 ? [] : lines.slice(first).map((line) => line.trim())
  const own = frames.filter((frame) => !FRAME_OF_OTHERS.test(frame))
  const kept = own.length > 0 ? own : frames
  return kept.length > 0 ? boundedText(mask(kept.join('\n')), most) : undefined
}

/** The fault of an attempt after `before` others: all attempts of a step share one item, which is written whole. */
export function boundedFault(fault: FaultDetails, before: number): FaultDetails {
  const { code, stack, causes, details } = fault
  const most = before < 3 ? MOST_STACK_CHARACTERS : before < 10 ? MOST_CAUSE_STACK_CHARACTERS : 0
  if (most === 0) return withoutUndefined({ code })
  const kept = before < 3 ? causes : causes?.map(({ stack: _stack, ...cause }) => cause)
  return withoutUndefined({
    code,
    stack: stack === undefined ? undefined : boundedText(stack, most),
    causes: kept,
    details: before < 3 ? details : undefined,
  })
}
