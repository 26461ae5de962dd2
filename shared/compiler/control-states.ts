/**
 * The states of control steps, which no agent runs. The control function ends their records after any kind of wait, because only it can
 * store an output and signal gates.
 */
import type { StepOf } from '../workflow/schema.ts'
import type { Onward, State, TaskState } from './asl.ts'
import { ownRetry } from './retries.ts'
import { fieldOf, type StepNames } from './step-names.ts'
import { CALL } from './step-states.ts'

const CONTROL_TIMEOUT_SECONDS = 60

type Approval = StepOf<'approval'>

/** A step that is done by one call of the control function. */
export function statesOfOneCall(names: StepNames, onward: Onward): Record<string, State> {
  return { [names.name]: controlTask(names, 'begin', onward) }
}

export function statesOfApproval(
  names: StepNames,
  { approval: { timeoutSeconds } }: Approval,
  onward: Onward,
): Record<string, State> {
  return statesOfAnswer(names, timeoutSeconds, onward)
}

/** The states of a step that waits until somebody sends its token, or until its time is over. */
export function statesOfAnswer(
  names: StepNames,
  timeoutSeconds: number,
  onward: Onward,
): Record<string, State> {
  const end = endOf(names)
  return { [names.name]: askTask(names, timeoutSeconds, end), [end]: controlTask(names, 'end', onward) }
}

export function statesOfWait(names: StepNames, onward: Onward): Record<string, State> {
  const [wait, end] = [`${names.name}: wait`, endOf(names)]
  return {
    [names.name]: controlTask(names, 'begin', { Next: wait }),
    [wait]: { Type: 'Wait', Seconds: '{% $states.input.seconds %}', Next: end },
    [end]: controlTask(names, 'end', onward),
  }
}

const endOf = ({ name }: StepNames): string => `${name}: end`

/** The function returns at once; the state continues when its task token is sent back, or on timeout. */
function askTask(names: StepNames, timeoutSeconds: number, end: string): TaskState {
  const token = { token: '{% $states.context.Task.Token %}' }
  return {
    ...controlTask(names, 'begin', { Next: end }, token),
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Output: '{% {} %}',
    TimeoutSeconds: Math.ceil(timeoutSeconds),
    // A timeout is not retried, which would ask again.
    Retry: ownRetry('States.Timeout'),
    Catch: [{ ErrorEquals: ['States.Timeout'], Output: '{% {} %}', Next: end }],
  }
}

/** A call of the control function; `more` is added to its payload. */
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
