import { expect, it } from 'vitest'
import { ERRORS, isOrchestratorError, OrchestratorError } from '../../../shared/domain/errors.ts'

it('keeps the error names that state machines match', () => {
  expect(Object.keys(ERRORS).sort()).toEqual([
    'AgentBusyError',
    'AgentContinuesError',
    'AgentFailedError',
    'AgentFinalError',
    'AgentOutputError',
    'AgentRetryableError',
    'AgentThrottledError',
    'AgentUnavailableError',
    'ApprovalTimedOutError',
    'BudgetExceededError',
    'BugError',
    'CapabilityNotAllowedError',
    'ChildCancelledError',
    'ConfigError',
    'ConflictError',
    'ContentTooLargeError',
    'DeadlineExceededError',
    'EvaluationFailedError',
    'ForbiddenError',
    'InvalidInputError',
    'InvalidWorkflowError',
    'JudgementPendingError',
    'LoopDetectedError',
    'LoopExhaustedError',
    'MessageTimedOutError',
    'MethodNotAllowedError',
    'ModelContextError',
    'ModelFilteredError',
    'ModelLimitError',
    'ModelOutputError',
    'ModelRefusedError',
    'ModelThrottledError',
    'ModelTimedOutError',
    'ModelUnavailableError',
    'NoAgentError',
    'NotFoundError',
    'PlanRefusedError',
    'PlanningFailedError',
    'QuotaExceededError',
    'StartingError',
    'StateConflictError',
    'StepFailedError',
    'StepSupersededError',
    'StepTimedOutError',
    'TaskCancelledError',
    'TooManyRequestsError',
    'UnauthorizedError',
    'UnavailableError',
    'UnsupportedMediaTypeError',
  ])
})

it('recognizes errors by name, because each bundle has its own class', () => {
  const foreign = Object.assign(new Error('from elsewhere'), { name: 'ConflictError' })
  expect(isOrchestratorError(foreign)).toBe(true)
  expect(isOrchestratorError(foreign, 'NotFoundError')).toBe(false)
  expect(isOrchestratorError(new Error('other'))).toBe(false)
  expect(new OrchestratorError('UnavailableError', 'later')).toMatchObject({ status: 503, retryable: true })
})
