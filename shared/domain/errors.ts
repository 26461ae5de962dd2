import { boundedText, failureOf } from './bounded.ts'
import { ERRORS } from './error-table.ts'
import { boundedIssues, type Issue, MOST_ISSUES } from './issue.ts'

export { ERRORS } from './error-table.ts'

/** A name of the table. It is a wire contract: Step Functions matches a Lambda error by it, so each is a string literal, which minifiers keep. */
export type ErrorName = keyof typeof ERRORS

/** Not an agent's failure: it was not asked, or asked in vain, or the task could not pay it. */
export const REFUSALS = [
  'AgentBusyError',
  'AgentUnavailableError',
  'BudgetExceededError',
] as const satisfies ErrorName[]

/** Of a function that has died: how, where Lambda says so, or that nobody knows. */
const DEATHS = ['Lambda.Unknown', 'Runtime.ExitError', 'Runtime.OutOfMemory']
/** After which a step's state asks the same agent again. */
export const RETRIED_IN_PLACE = ['AgentRetryableError', 'UnavailableError', ...DEATHS]
export const isRetriedInPlace = ({ name }: { name: string }): boolean => RETRIED_IN_PLACE.includes(name)

/** One failure model: an error of ours, by its name, with details for programs. */
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

/** Whether `error` is ours (or one of `names`), also when it crossed a bundle and lost its class. */
export function isOrchestratorError(error: unknown, ...names: ErrorName[]): error is OrchestratorError {
  if (!(error instanceof Error)) return false
  // Whoever has made it may have made its name unreadable.
  const { name } = failureOf(error)
  if (!Object.hasOwn(ERRORS, name)) return false
  return names.length === 0 || names.includes(name as ErrorName)
}

/** Texts and issues are cut, and lists keep their first entries; numbers and the like stay as they are. */
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
