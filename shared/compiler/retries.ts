/**
 * The Retry rules of all states.
 *
 * Invariants (tests cite them):
 * throttling/Y1 every state that calls a function or starts an execution retries throttled calls for minutes: the
 *    rebinder and the control function are throttled together with the agents, and no other state would repeat their
 *    calls
 * throttling/Y2 throttling has its own Retry rule, and so its own count: it uses up no attempts of a step's retry
 *    policy. Only the rebinder's rule counts throttling and busy agents (throttling/Y3) together; its maximum suffices
 *    for both
 * throttling/Y3 when all agents are busy, the rebinder's state retries it in place with growing delays: that takes
 *    three history events, calling a busy agent fourteen. The retries last longer than a step may wait
 *    (shared/app/steps/busy-waits.ts)
 */
import { DEATHS, RETRIED_IN_PLACE } from '../domain/errors.ts'
import { FOREIGN_TIMEOUTS } from '../domain/failure-kinds.ts'
import { retriedKinds } from '../workflow/retry-policy.ts'
import type { AgentStep } from '../workflow/schema.ts'
import type { Retrier } from './asl.ts'

/**
 * About nine minutes on average with full jitter, hardly ever less than four. AWS's defaults (1 s, doubled) are left
 * out.
 */
export const PATIENT = {
  MaxAttempts: 40,
  MaxDelaySeconds: 30,
  JitterStrategy: 'FULL',
} as const satisfies Partial<Retrier>

/** Lambda's error when the account's concurrency, or the function's reserved concurrency, is used up. */
const THROTTLED = 'Lambda.TooManyRequestsException'
export const THROTTLED_RETRY: Retrier = { ErrorEquals: [THROTTLED], ...PATIENT }

/** Lambda's own errors, not the agent's: AWS recommends retrying exactly these, and throttling. */
export const LAMBDA_RETRY: Retrier = {
  ErrorEquals: [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
  ],
  MaxAttempts: 6,
  JitterStrategy: 'FULL',
}

/** The errors by which the functions end a task; all their other errors are retried as transient. */
const VERDICTS = ['StepFailedError', 'TaskCancelledError']

/** The rules for the orchestrator's own functions; the errors in `but` are not retried. */
export const ownRetry = (...but: string[]): Retrier[] => [THROTTLED_RETRY, ...otherTrouble(...but)]

/**
 * The rules for the rebinder, which also waits for a free agent (throttling/Y1, throttling/Y3). Each delay is on average a fifth of the
 * time waited.
 */
export const rebindRetry = (): Retrier[] => [
  {
    ErrorEquals: [THROTTLED, 'AgentBusyError'],
    IntervalSeconds: 20,
    BackoffRate: 1.2,
    MaxAttempts: 250,
    MaxDelaySeconds: 600,
    JitterStrategy: 'FULL',
  },
  ...otherTrouble(),
]

const otherTrouble = (...but: string[]): Retrier[] => [
  { ErrorEquals: [...VERDICTS, ...but], MaxAttempts: 0 },
  { ErrorEquals: ['States.ALL'], MaxAttempts: 6, JitterStrategy: 'FULL' },
]

/** Transient errors when starting an execution. */
export const START_RETRY: Retrier = {
  // AWS's documentation and recorded executions spell these names differently.
  ErrorEquals: [
    'ExecutionLimitExceeded',
    'ExecutionLimitExceededException',
    'AWSStepFunctionsException',
    'StepFunctionsException',
    'ThrottlingException',
    'SdkClientException',
  ].map((name) => `StepFunctions.${name}`),
  ...PATIENT,
}

/**
 * The rule for calls of an agent. The host applies the step's policy, and returns an error with a name of this rule
 * when the same agent is to be called again; crashes and timeouts, which the host does not survive, are matched by
 * Lambda's error names. `maxAttempts` counts calls, MaxAttempts counts retries. MaxDelaySeconds is left out when no
 * delay reaches it.
 */
export function agentRetry({ retry }: AgentStep): Retrier {
  const { maxAttempts, intervalSeconds, backoffRate, maxDelaySeconds } = retry
  const longest = intervalSeconds * backoffRate ** Math.max(0, maxAttempts - 2)
  return {
    ErrorEquals: [
      ...RETRIED_IN_PLACE,
      ...(retriedKinds(retry).includes('transient') ? DEATHS : []),
      ...(retriedKinds(retry).includes('timeout') ? FOREIGN_TIMEOUTS : []),
    ],
    IntervalSeconds: intervalSeconds,
    MaxAttempts: maxAttempts - 1,
    ...(backoffRate === 2 ? {} : { BackoffRate: backoffRate }),
    ...(longest > maxDelaySeconds ? { MaxDelaySeconds: Math.max(maxDelaySeconds, intervalSeconds + 1) } : {}),
    JitterStrategy: 'FULL',
  }
}
