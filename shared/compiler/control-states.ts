/**
 * The states of a step that no agent runs. Whatever such a step waits for, its record is ended by the control function: only
 * that can store an output and signal gates.
 */
import {
  type AgentStep,
  DEFAULT_MAX_ITEMS,
  type Step,
  type StepKind,
  type StepOf,
  stepKind,
} from '../workflow/schema.ts'
import type { Flow, MapState, Onward, Retrier, State, TaskState } from './asl.ts'
import { fieldOf, INPUT, type StepNames } from './step-names.ts'
import { CALL, ownRetry, statesOfStep, wayOut } from './step-states.ts'

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
  // Spelt in more than one way, in documents as in recordings.
  ErrorEquals: [
    'ExecutionLimitExceeded',
    'ExecutionLimitExceededException',
    'AWSStepFunctionsException',
    'StepFunctionsException',
    'ThrottlingException',
    'SdkClientException',
  ].map((name) => `StepFunctions.${name}`),
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
      ...startTask({
        StateMachineArn: '{% $states.input.child.stateMachineArn %}',
        Name: '{% $states.input.child.name %}',
        Input: {
          taskId: '{% $states.input.child.taskId %}',
          functions: '{% $states.input.child.functions %}',
          // The console shows by it which execution has started which.
          AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: '{% $states.context.Execution.Id %}',
        },
      }),
      TimeoutSeconds: Math.ceil(step.timeoutSeconds ?? YEAR_SECONDS),
      Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput %}', Next: end }],
      Next: end,
    },
    [end]: controlTask(names, 'end', onward, error),
    ...out.states,
  }
}

/** Starts a part of the workflow that is a machine of its own: it goes by the same input, at the same gates. */
export function startState(name: string, onward: Onward): TaskState {
  const redrive = '$string($states.context.Execution.RedriveCount)'
  return {
    ...startTask({
      StateMachineArn: `\${${name}}`,
      Name: `{% $states.context.Execution.Name & '-${name.toLowerCase()}-' & ${redrive} %}`,
      Input: `{% ${INPUT} %}`,
    }),
    ...onward,
  }
}

/** Starts an execution and waits for its end. */
function startTask(Arguments: Record<string, unknown>) {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::states:startExecution.sync:2',
    Arguments,
    Output: '{% {} %}',
    TimeoutSeconds: YEAR_SECONDS,
    Retry: [START_RETRY],
  } as const satisfies Partial<TaskState>
}

const DEFAULT_CONCURRENCY = 10
/** What an inline Map does side by side. */
const MAX_INLINE_CONCURRENCY = 40
const INDEX = "'[' & $string($states.context.Map.Item.Index) & ']'"

/** Wider than an inline Map runs, or longer than the history of one execution holds. */
export const isDistributed = ({ maxConcurrency = 0, maxItems = 0 }: AgentStep): boolean =>
  maxConcurrency > MAX_INLINE_CONCURRENCY || maxItems > DEFAULT_MAX_ITEMS

/** A step for each item of a list: the control function stores the list before, and gathers what was answered after. */
export function statesOfFanOut(names: StepNames, step: AgentStep, onward: Onward): Record<string, State> {
  const [each, end] = [`${names.name}: each`, `${names.name}: end`]
  return {
    [names.name]: controlTask(names, 'begin', { Next: each }),
    [each]: {
      Type: 'Map',
      Items: '{% $states.input.indexes %}',
      MaxConcurrency: step.maxConcurrency ?? DEFAULT_CONCURRENCY,
      ...(isDistributed(step) ? distributed(names, step) : inline(names, step)),
      Output: '{% {} %}',
      Next: end,
    },
    [end]: controlTask(names, 'end', onward),
  }
}

function inline(names: StepNames, step: AgentStep): Pick<MapState, 'ItemProcessor'> {
  const flow = flowOfItem({ ...names, path: `${names.path} & ${INDEX}` }, step)
  return { ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...flow } }
}

/** An execution of its own for each item: it sees nothing of its parent but what it is given, which is its input. */
function distributed(names: StepNames, step: AgentStep): Pick<MapState, 'ItemProcessor' | 'ItemSelector'> {
  const flow = flowOfItem({ ...names, agent: `${INPUT}.agent`, path: `${INPUT}.path` }, step)
  return {
    ItemSelector: {
      taskId: `{% ${INPUT}.taskId %}`,
      path: `{% ${names.path} & ${INDEX} %}`,
      // Nobody is planned for what is bound late.
      ...(step.bind === 'late' ? {} : { agent: `{% ${names.agent} %}` }),
    },
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...flow },
  }
}

function flowOfItem(names: StepNames, step: AgentStep): Flow {
  const { forEach: _forEach, description: _description, ...single } = step
  const item = `${names.name}: item`
  const States = statesOfStep({ ...names, name: item }, single, { End: true })
  // A receipt for each item would grow with their number.
  States[item] = { ...(States[item] as TaskState), Output: '{% {} %}' }
  const [StartAt = item] = Object.keys(States)
  return { StartAt, States }
}

/** Its function answers at once; the state goes on when somebody has decided, or when the time is over. */
function askTask(names: StepNames, step: Step, end: string): TaskState {
  const token = { token: '{% $states.context.Task.Token %}' }
  return {
    ...controlTask(names, 'begin', { Next: end }, token),
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Output: '{% {} %}',
    TimeoutSeconds: 'approval' in step ? Math.ceil(step.approval.timeoutSeconds) : CONTROL_TIMEOUT_SECONDS,
    // Its time is over: nobody is asked again.
    Retry: ownRetry('States.Timeout'),
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
    Retry: ownRetry(),
    ...onward,
  }
}
