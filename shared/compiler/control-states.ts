/**
 * The states of a step that no agent runs. Whatever such a step waits for, its record is ended by the control function: only
 * that can store an output and signal gates.
 */
import { type AgentStep, type Step, type StepKind, stepKind } from '../workflow/schema.ts'
import type { Onward, State, TaskState } from './asl.ts'
import { CALL, REBIND_RETRY, type StepNames, statesOfStep } from './step-states.ts'

const CONTROL_TIMEOUT_SECONDS = 60

export const CONTROLLED: readonly StepKind[] = ['emit', 'wait', 'approval']

export function statesOfControlled(names: StepNames, step: Step, onward: Onward): Record<string, State> {
  const { name } = names
  const end = `${name}: end`
  const kind = stepKind(step)
  if (kind === 'emit') return { [name]: controlTask(names, 'begin', onward) }
  const ending = { [end]: controlTask(names, 'end', onward) }
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

const DEFAULT_CONCURRENCY = 10
const INDEX = "'[' & $string($states.context.Map.Item.Index) & ']'"

/** A step for each item of a list: the control function stores the list before, and gathers what was answered after. */
export function statesOfFanOut(names: StepNames, step: AgentStep, onward: Onward): Record<string, State> {
  const { name, path } = names
  const [each, item, end] = [`${name}: each`, `${name}: item`, `${name}: end`]
  const own = path === name ? `'${name}'` : path.slice('{% '.length, -' %}'.length)
  const { forEach: _forEach, description: _description, ...single } = step
  const States = statesOfStep({ name: item, path: `{% ${own} & ${INDEX} %}`, key: name }, single, {
    End: true,
  })
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
  const {
    Arguments,
    Next: _next,
    ...task
  } = controlTask(names, 'begin', { Next: end }) as TaskState & { Next: string }
  const payload = Arguments.Payload as object
  return {
    ...task,
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: { ...Arguments, Payload: { ...payload, token: '{% $states.context.Task.Token %}' } },
    Output: '{% {} %}',
    TimeoutSeconds: 'approval' in step ? Math.ceil(step.approval.timeoutSeconds) : CONTROL_TIMEOUT_SECONDS,
    Catch: [{ ErrorEquals: ['States.Timeout'], Output: '{% {} %}', Next: end }],
    Next: end,
  }
}

function controlTask({ path }: StepNames, at: 'begin' | 'end', onward: Onward): TaskState {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: '${ControlFunction}', Payload: { ...CALL, path, at } },
    Output: '{% $states.result.Payload %}',
    TimeoutSeconds: CONTROL_TIMEOUT_SECONDS,
    Retry: [REBIND_RETRY],
    ...onward,
  }
}
