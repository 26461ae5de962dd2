import { DEATHS, ERRORS, type ErrorName } from './errors.ts'
import { ownOf } from './own.ts'

/**
 * Whether calling the same agent again may succeed: `transient`, probably; `error`, unknown; `timeout`, it took too
 * long; `final`, no; `configuration`, not until the installation is changed.
 */
export type FailureKind = 'transient' | 'error' | 'timeout' | 'final' | 'configuration'

/** Timeouts that Lambda or Step Functions report in place of the host, which was killed. */
export const FOREIGN_TIMEOUTS = ['Sandbox.Timedout', 'States.Timeout']
const TIMEOUTS = ['StepTimedOutError', ...FOREIGN_TIMEOUTS]

const CONFIGURATION: ErrorName = 'ConfigError'
const FINAL: readonly string[] = [
  'AgentFinalError',
  'InvalidInputError',
  'CapabilityNotAllowedError',
  'AgentOutputError',
  'ModelContextError',
  'ModelFilteredError',
  'ModelLimitError',
  'ModelOutputError',
  'ModelRefusedError',
  'LoopDetectedError',
  'ContentTooLargeError',
  'BugError',
  'BudgetExceededError',
  'DeadlineExceededError',
  'TaskCancelledError',
  'PlanRefusedError',
  'PlanningFailedError',
] satisfies ErrorName[]

/** An attempt that runs again reads what has come between. */
const TRANSIENT: readonly string[] = ['StateConflictError'] satisfies ErrorName[]

/** The kind of a failure, by the name under which an attempt records it. */
export function failureKind({ name }: { name: string }): FailureKind {
  if (DEATHS.includes(name) || TRANSIENT.includes(name)) return 'transient'
  if (TIMEOUTS.includes(name)) return 'timeout'
  if (name === CONFIGURATION) return 'configuration'
  if (FINAL.includes(name)) return 'final'
  if (ownOf(ERRORS, name)?.retryable) return 'transient'
  // Names with a dot are AWS errors, which Step Functions has already retried if that made sense.
  return name.includes('.') ? 'final' : 'error'
}
