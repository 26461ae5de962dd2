/**
 * The Retry rules of the states.
 *
 * Invariants (tests cite them):
 * throttling/Y1 what is throttled is asked again for minutes, at every state that calls something: a function that rebinds or controls is
 *    throttled together with the agents, and no other state would call it again
 * throttling/Y2 throttling has an entry, and so a count, of its own: it uses up no attempt of anybody's policy. Only a rebinder counts it together
 *    with its looks for a free agent (throttling/Y3), which outlast their wait also without as many of them as throttling takes elsewhere
 * throttling/Y3 a rebinder that has found all agents busy looks again in place, ever more seldom: three events a look, where a way round through
 *    the step is fourteen. It outlasts the longest that a step waits (shared/app/steps/busy-waits.ts)
 */
import { DEATHS, RETRIED_IN_PLACE } from '../domain/errors.ts'
import { FOREIGN_TIMEOUTS } from '../domain/failure-kinds.ts'
import { retriedKinds } from '../workflow/retry-policy.ts'
import type { AgentStep } from '../workflow/schema.ts'
import type { Retrier } from './asl.ts'

/** With full jitter nine minutes on average, hardly ever less than four. Members with AWS's defaults (1 s, doubled) are left out. */
export const PATIENT = {
  MaxAttempts: 40,
  MaxDelaySeconds: 30,
  JitterStrategy: 'FULL',
} as const satisfies Partial<Retrier>

/** The concurrency of the account, or the function's reserved share, is used up. */
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

/** The errors by which the functions end a task; all their other errors may be transient. */
const VERDICTS = ['StepFailedError', 'TaskCancelledError']

/** The rules for the orchestrator's own functions; the errors in `but` are not retried either. */
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
  // Documentation and recorded executions spell it differently.
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
 * The host decides by the step's policy, and answers with a name of this rule when the same agent is to be called again; only the failures
 * that no host survives are told apart here. `maxAttempts` counts invocations, MaxAttempts counts retries. A MaxDelaySeconds that no delay
 * reaches is left out.
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
