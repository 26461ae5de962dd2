/**
 * What the states retry in place.
 *
 * Invariants (tests cite them):
 * throttling/Y1 what is throttled is asked again for minutes, at every state that calls something: a function that rebinds or controls is
 *    throttled together with the agents, and nobody else would ask it again
 * throttling/Y2 throttling has an entry, and so a count, of its own: it uses up no attempt of anybody's policy. Only a rebinder counts it together
 *    with its looks for a free agent (throttling/Y3), which outlast their wait also without as many of them as throttling takes elsewhere
 * throttling/Y3 a rebinder that has found all agents busy looks again in place, ever more seldom: three events a look, where a way round through
 *    the step is fourteen. It outlasts the longest that a step waits (shared/app/steps/next-agent.ts)
 */
import { RETRIED_IN_PLACE } from '../domain/errors.ts'
import type { AgentStep } from '../workflow/schema.ts'
import type { Retrier } from './asl.ts'

/** With full jitter nine minutes on average, and hardly ever less than four. What AWS assumes is not said (1 s, doubled). */
export const PATIENT = {
  MaxAttempts: 40,
  MaxDelaySeconds: 30,
  JitterStrategy: 'FULL',
} as const satisfies Partial<Retrier>

/** What the account has of calls at once is used up, or the function's own share of it. */
const THROTTLED = 'Lambda.TooManyRequestsException'
export const THROTTLED_RETRY: Retrier = { ErrorEquals: [THROTTLED], ...PATIENT }

/** Lambda's own trouble, not the agent's: AWS recommends retrying exactly these, and throttling. */
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

/** The functions' own verdicts; whatever else comes from them is trouble that may pass. */
const VERDICTS = ['StepFailedError', 'TaskCancelledError']

/** Of the functions that are ours. `but` is not retried either. */
export const ownRetry = (...but: string[]): Retrier[] => [THROTTLED_RETRY, ...otherTrouble(...but)]

/** Of the rebinder: throttled or without a free agent, it waits (throttling/Y1, throttling/Y3). Each wait is a fifth of what has been waited, on average. */
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

/** What passes with time when an execution is started. */
export const START_RETRY: Retrier = {
  // Spelt in more than one way, in documents as in recordings.
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

/** `maxAttempts` counts invocations, MaxAttempts counts retries. A bound that no delay reaches is not said. */
export function agentRetry({ retry }: AgentStep): Retrier {
  const { maxAttempts, intervalSeconds, backoffRate, maxDelaySeconds } = retry
  const longest = intervalSeconds * backoffRate ** Math.max(0, maxAttempts - 2)
  return {
    ErrorEquals: RETRIED_IN_PLACE,
    IntervalSeconds: intervalSeconds,
    MaxAttempts: maxAttempts - 1,
    ...(backoffRate === 2 ? {} : { BackoffRate: backoffRate }),
    ...(longest > maxDelaySeconds ? { MaxDelaySeconds: Math.max(maxDelaySeconds, intervalSeconds + 1) } : {}),
    JitterStrategy: 'FULL',
  }
}
