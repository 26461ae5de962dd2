import { boundedText, failureOf } from './bounded.ts'
import { ERRORS } from './error-table.ts'
import { boundedIssues, type Issue, MOST_ISSUES } from './issue.ts'

export { ERRORS } from './error-table.ts'

/** An error name is a wire contract: Step Functions matches Lambda errors by it, so each is a string literal, which minifiers keep. */
export type ErrorName = keyof typeof ERRORS

/** Errors that are not the agent's failure: it was not called, was throttled or superseded, or the task's budget did not suffice. */
export const REFUSALS = [
  'AgentBusyError',
  'AgentThrottledError',
  'AgentUnavailableError',
  'BudgetExceededError',
] as const satisfies ErrorName[]

/** Errors that end a call and are no attempt: a refusal, or a call that goes on later from where it was. */
export const UNCOUNTED = [
  ...REFUSALS,
  'AgentContinuesError',
  'JudgementPendingError',
] as const satisfies ErrorName[]

/** Error names of a crashed function, with the cause when Lambda reports one. */
export const DEATHS = ['Lambda.Unknown', 'Runtime.ExitError', 'Runtime.OutOfMemory']
/** Errors by which a host has its step's state call the same agent again. */
export const RETRIED_IN_PLACE = ['AgentRetryableError', 'UnavailableError']

/** The project's one error class: told apart by `name`, with details for programs. */
export class OrchestratorError extends Error {
  override readonly name: ErrorName
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    name: ErrorName,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(boundedText(message), cause === undefined ? undefined : { cause })
    this.name = name
    this.details = boundedDetails(details)
  }

  get status(): number {
    return ERRORS[this.name].status
  }

  get retryable(): boolean {
    return ERRORS[this.name].retryable
  }
}

/** Whether `error` is an OrchestratorError (with one of `names`), also when it crossed a bundle and lost its class. */
export function isOrchestratorError(error: unknown, ...names: ErrorName[]): error is OrchestratorError {
  if (!(error instanceof Error)) return false
  // Agent code may throw an error whose `name` is a getter that throws.
  const { name } = failureOf(error)
  if (!Object.hasOwn(ERRORS, name)) return false
  return names.length === 0 || names.includes(name as ErrorName)
}

/** Texts and issues are shortened, and lists keep their first entries; other values stay as they are. */
function boundedDetails(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, boundedDetail(name, value)]),
  )
}

function boundedDetail(name: string, value: unknown): unknown {
  if (typeof value === 'string') return boundedText(value)
  if (!Array.isArray(value)) return value
  return name === 'issues' ? boundedIssues(value as Issue[]) : value.slice(0, MOST_ISSUES)
}
