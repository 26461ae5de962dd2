/**
 * The names of errors, the only list of them: `error-texts.ts` says of each when it is met and what to do. That is apart, because every function
 * has this table in its bundle.
 */
type Known = {
  /** HTTP status of the problem document, when the error answers a request. */
  status: number
  /** Whether the same request may succeed later without any change. */
  retryable: boolean
}

/** The project's own error names. Names may be added, and are never changed. */
export const ERRORS = {
  InvalidInputError: { status: 400, retryable: false },
  BudgetExceededError: { status: 402, retryable: false },
  DeadlineExceededError: { status: 504, retryable: false },
  UnauthorizedError: { status: 401, retryable: false },
  ForbiddenError: { status: 403, retryable: false },
  NotFoundError: { status: 404, retryable: false },
  MethodNotAllowedError: { status: 405, retryable: false },
  ConflictError: { status: 409, retryable: false },
  ContentTooLargeError: { status: 413, retryable: false },
  UnsupportedMediaTypeError: { status: 415, retryable: false },
  InvalidWorkflowError: { status: 422, retryable: false },
  PlanningFailedError: { status: 422, retryable: false },
  PlanRefusedError: { status: 422, retryable: false },
  NoAgentError: { status: 422, retryable: false },
  TooManyRequestsError: { status: 429, retryable: true },
  QuotaExceededError: { status: 429, retryable: false },
  ConfigError: { status: 500, retryable: false },
  BugError: { status: 500, retryable: false },
  AgentFailedError: { status: 500, retryable: false },
  AgentFinalError: { status: 500, retryable: false },
  AgentOutputError: { status: 500, retryable: false },
  AgentBusyError: { status: 503, retryable: true },
  AgentThrottledError: { status: 503, retryable: true },
  AgentContinuesError: { status: 503, retryable: true },
  ModelContextError: { status: 422, retryable: false },
  ModelLimitError: { status: 422, retryable: false },
  EvaluationFailedError: { status: 500, retryable: false },
  JudgementPendingError: { status: 503, retryable: true },
  ModelOutputError: { status: 500, retryable: false },
  ModelFilteredError: { status: 500, retryable: false },
  LoopDetectedError: { status: 500, retryable: false },
  CapabilityNotAllowedError: { status: 422, retryable: false },
  AgentUnavailableError: { status: 503, retryable: true },
  AgentRetryableError: { status: 500, retryable: true },
  ModelThrottledError: { status: 503, retryable: true },
  ModelUnavailableError: { status: 503, retryable: true },
  ModelRefusedError: { status: 500, retryable: false },
  ModelTimedOutError: { status: 504, retryable: true },
  TaskCancelledError: { status: 409, retryable: false },
  StepFailedError: { status: 500, retryable: false },
  StepTimedOutError: { status: 504, retryable: false },
  StateConflictError: { status: 409, retryable: false },
  StepSupersededError: { status: 409, retryable: false },
  StartingError: { status: 503, retryable: true },
  UnavailableError: { status: 503, retryable: true },
  LoopExhaustedError: { status: 500, retryable: false },
  ChildCancelledError: { status: 409, retryable: false },
  ApprovalTimedOutError: { status: 504, retryable: false },
  MessageTimedOutError: { status: 504, retryable: false },
} as const satisfies Readonly<Record<string, Known>>
