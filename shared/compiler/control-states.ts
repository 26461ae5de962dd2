/**
 * The states of a step that no agent runs. Whatever such a step waits for, its record is ended by the control function: only
 * that can store an output and signal gates.
 */
import { type AgentStep, type Step, type StepKind, type StepOf, stepKind } from '../workflow/schema.ts'
import type { Onward, Retrier, State, TaskState } from './asl.ts'
import { fieldOf, type StepNames } from './step-names.ts'
import { CALL, REBIND_RETRY, statesOfStep, wayOut } from './step-states.ts'

const CONTROL_TIMEOUT_SECONDS = 60

export const CONTROLLED: readonly StepKind[] = ['emit', 'wait', 'approval', 'repeat', 'workflow']

export function statesOfControlled(names: StepNames, step: Step, onward: Onward): Record<string, State> {
  const { name } = names
  const end = `${name}: end`
  const kind = stepKind(step)
  if (kind === 'emit') return { [name]: controlTask(names, 'begin', onward) }
  const ending = { [end]: controlTask(names, 'end', onward) }
  if ('workflow' in step) return statesOfChild(names, step, onward)
  if (kind === 'wait') {
    const wait = `${name}: wait`
    return {
      [name]: controlTask(names, 'begin', { Next: wait }),
      [wait]: { Type: 'Wait', Seconds: '{% $states.input.seconds %}', Next: end },
      ...ending,
    }
  }
  return { [name]: askTask(names, step, end), ...ending }
}

/** What passes with time when an execution is started. */
const START_RETRY: Retrier = {
  ErrorEquals: [
    'StepFunctions.ExecutionLimitExceeded',
    'StepFunctions.ThrottlingException',
    'StepFunctions.SdkClientException',
  ],
  MaxAttempts: 6,
  JitterStrategy: 'FULL',
}
/** As long as an execution can last. */
const YEAR_SECONDS = 31_536_000

/** The control function stores the child's task before, and takes over its outcome after. */
function statesOfChild(names: StepNames, step: StepOf<'workflow'>, onward: Onward): Record<string, State> {
  const { name } = names
  const [begun, run, end] = [`${name}: begun?`, `${name}: run`, `${name}: end`]
  const out = wayOut(names, onward)
  const error = { error: '{% $exists($states.input.Error) ? $states.input : {} %}' }
  return {
    [name]: controlTask(names, 'begin', { Next: begun }),
    [begun]: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $exists($states.input.status) %}', Next: out.to }],
      Default: run,
    },
    [run]: {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Arguments: {
        StateMachineArn: '{% $states.input.child.stateMachineArn %}',
        Name: '{% $states.input.child.name %}',
        Input: {
          taskId: '{% $states.input.child.taskId %}',
          functions: '{% $states.input.child.functions %}',
          // The console shows by it which execution has started which.
          AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: '{% $states.context.Execution.Id %}',
        },
      },
      Output: '{% {} %}',
      TimeoutSeconds: Math.ceil(step.timeoutSeconds ?? YEAR_SECONDS),
      Retry: [START_RETRY],
      Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput %}', Next: end }],
      Next: end,
    },
    [end]: controlTask(names, 'end', onward, error),
    ...out.states,
  }
}

const DEFAULT_CONCURRENCY = 10
const INDEX = "'[' & $string($states.context.Map.Item.Index) & ']'"

/** A step for each item of a list: the control function stores the list before, and gathers what was answered after. */
export function statesOfFanOut(names: StepNames, step: AgentStep, onward: Onward): Record<string, State> {
  const { name, path, key } = names
  const [each, item, end] = [`${name}: each`, `${name}: item`, `${name}: end`]
  const { forEach: _forEach, description: _description, ...single } = step
  const States = statesOfStep({ name: item, path: `${path} & ${INDEX}`, key }, single, { End: true })
  // A receipt for each item would grow with their number.
  States[item] = { ...(States[item] as TaskState), Output: '{% {} %}' }
  const [StartAt = item] = Object.keys(States)
  return {
    [name]: controlTask(names, 'begin', { Next: each }),
    [each]: {
      Type: 'Map',
      Items: '{% $states.input.indexes %}',
      MaxConcurrency: step.maxConcurrency ?? DEFAULT_CONCURRENCY,
      ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt, States },
      Output: '{% {} %}',
      Next: end,
    },
    [end]: controlTask(names, 'end', onward),
  }
}

/** Its function answers at once; the state goes on when somebody has decided, or when the time is over. */
function askTask(names: StepNames, step: Step, end: string): TaskState {
  const token = { token: '{% $states.context.Task.Token %}' }
  return {
    ...controlTask(names, 'begin', { Next: end }, token),
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Output: '{% {} %}',
    TimeoutSeconds: 'approval' in step ? Math.ceil(step.approval.timeoutSeconds) : CONTROL_TIMEOUT_SECONDS,
    Catch: [{ ErrorEquals: ['States.Timeout'], Output: '{% {} %}', Next: end }],
  }
}

/** A call of the control function; `more` is what it is told besides. */
export function controlTask(
  { path }: StepNames,
  at: 'begin' | 'end',
  onward: Onward,
  more: Record<string, string> = {},
): TaskState {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: '${ControlFunction}', Payload: { ...CALL, path: fieldOf(path), at, ...more } },
    Output: '{% $states.result.Payload %}',
    TimeoutSeconds: CONTROL_TIMEOUT_SECONDS,
    Retry: [REBIND_RETRY],
    ...onward,
  }
}
