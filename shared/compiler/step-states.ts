/**
 * The states of one step: the Task, and three more that are entered only on trouble.
 *
 * Expressions stay plain (paths, $exists, $string, &, ?:): people read them in the console, and emulators
 * evaluate a subset.
 */
import { type AgentStep, DEFAULT_TIMEOUT_SECONDS } from '../workflow/schema.ts'
import type { Onward, Retrier, State, TaskState } from './asl.ts'

/** A Task outlives its Lambda, so that the Lambda's own error is what arrives. */
const TIMEOUT_MARGIN_SECONDS = 15
const REBIND_TIMEOUT_SECONDS = 60

const TASK_ID = '{% $states.context.Execution.Input.taskId %}'
/** EnteredTime sorts as text; the host turns the three parts into one sortable fence. */
const FENCE =
  "{% $states.context.State.EnteredTime & '#' & $string($states.context.Execution.RedriveCount) & '#' & $string($states.context.State.RetryCount) %}"

/** Lambda's own trouble, not the agent's: AWS recommends retrying exactly these. */
const LAMBDA_RETRY: Retrier = {
  ErrorEquals: [
    'Lambda.TooManyRequestsException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
  ],
  IntervalSeconds: 1,
  MaxAttempts: 6,
  BackoffRate: 2,
  MaxDelaySeconds: 30,
  JitterStrategy: 'FULL',
}

type StateNames = { step: string; rebind: string; again: string; wait: string; settled: string }

function namesOf(stepId: string): StateNames {
  return {
    step: stepId,
    rebind: `${stepId}: rebind`,
    again: `${stepId}: again?`,
    wait: `${stepId}: wait`,
    settled: `${stepId}: settled`,
  }
}

/** The step's states by name; `onward` is where the normal path and a settled failure both go. */
export function statesOfStep(stepId: string, step: AgentStep, onward: Onward): Record<string, State> {
  const names = namesOf(stepId)
  return {
    [names.step]: stepTask(stepId, step, names, onward),
    [names.rebind]: rebindTask(stepId, names),
    [names.again]: {
      Type: 'Choice',
      Choices: [
        {
          Condition: '{% $exists($states.input.settled) %}',
          Next: 'Next' in onward ? onward.Next : names.settled,
        },
      ],
      Default: names.wait,
    },
    [names.wait]: { Type: 'Wait', Seconds: '{% $states.input.rebound.waitSeconds %}', Next: names.step },
    // A Choice cannot end a branch: a last step needs somewhere to go.
    ...('End' in onward ? { [names.settled]: { Type: 'Succeed' } as const } : {}),
  }
}

function stepTask(stepId: string, step: AgentStep, names: StateNames, onward: Onward): TaskState {
  return {
    Type: 'Task',
    ...(step.description ? { Comment: step.description } : {}),
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: reboundOr(stepId, 'functionArn'),
      Payload: { taskId: TASK_ID, path: stepId, agentId: reboundOr(stepId, 'agentId'), fence: FENCE },
    },
    Output: '{% $states.result.Payload %}',
    TimeoutSeconds: Math.ceil(step.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) + TIMEOUT_MARGIN_SECONDS,
    Retry: [LAMBDA_RETRY, agentRetry(step)],
    Catch: [
      { ErrorEquals: ['States.ALL'], Output: "{% {'error': $states.errorOutput} %}", Next: names.rebind },
    ],
    ...onward,
  }
}

/** The rebinder's choice when there is one, else the plan's. */
function reboundOr(stepId: string, field: 'functionArn' | 'agentId'): string {
  const planned = `$states.context.Execution.Input.bindings.${stepId}.${field}`
  return `{% $exists($states.input.rebound) ? $states.input.rebound.${field} : ${planned} %}`
}

/** `maxAttempts` counts invocations, MaxAttempts counts retries. */
function agentRetry({ retry }: AgentStep): Retrier {
  return {
    ErrorEquals: ['AgentRetryableError', 'UnavailableError', 'Lambda.Unknown'],
    IntervalSeconds: retry.intervalSeconds,
    MaxAttempts: retry.maxAttempts - 1,
    BackoffRate: retry.backoffRate,
    MaxDelaySeconds: Math.max(retry.maxDelaySeconds, retry.intervalSeconds + 1),
    JitterStrategy: 'FULL',
  }
}

/** No Catch: what the rebinder throws under its own name is meant to end the task. */
function rebindTask(stepId: string, names: StateNames): TaskState {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: '${RebindFunction}',
      Payload: {
        taskId: TASK_ID,
        path: stepId,
        fence: FENCE,
        error: '{% $states.input.error %}',
      },
    },
    Output: '{% $states.result.Payload %}',
    TimeoutSeconds: REBIND_TIMEOUT_SECONDS,
    Retry: [
      { ...LAMBDA_RETRY, ErrorEquals: [...LAMBDA_RETRY.ErrorEquals, 'UnavailableError', 'Lambda.Unknown'] },
    ],
    Next: names.again,
  }
}
