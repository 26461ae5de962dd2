/** States that start another execution and wait for it: a child workflow, or a part of a split workflow. */
import { type StepOf, YEAR_SECONDS } from '../workflow/schema.ts'
import type { Onward, State, TaskState } from './asl.ts'
import { controlTask } from './control-states.ts'
import { START_RETRY } from './retries.ts'
import { INPUT, REDRIVES, type StepNames } from './step-names.ts'
import { CAUGHT, wayOut } from './step-states.ts'

/** A child workflow: the control function stores the child's task before, and adopts its outcome afterwards. */
export function statesOfChild(
  names: StepNames,
  step: StepOf<'workflow'>,
  onward: Onward,
): Record<string, State> {
  const { name } = names
  const [begun, run, end] = [`${name}: begun?`, `${name}: run`, `${name}: end`]
  const out = wayOut(names, onward)
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
        // With the positions of steps where the machine is a shared one. The console uses the id to link the execution to its parent.
        Input:
          "{% $merge([$states.input.child, {'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID': $states.context.Execution.Id}]) %}",
      }),
      TimeoutSeconds: Math.ceil(step.timeoutSeconds ?? YEAR_SECONDS),
      Catch: [{ ErrorEquals: ['States.ALL'], Next: end }],
      Next: end,
    },
    [end]: controlTask(names, 'end', onward, { error: CAUGHT }),
    ...out.states,
  }
}

/** Starts a part that is a separate machine: it has the same input and shares the gates. */
export function startState(name: string, onward: Onward): TaskState {
  const redrive = `$string(${REDRIVES})`
  return {
    ...startTask({
      StateMachineArn: `\${${name}}`,
      Name: `{% $states.context.Execution.Name & '-${name.toLowerCase()}-' & ${redrive} %}`,
      // The part's redrive count starts at 0, so the redrives until now are added to its fences.
      Input: `{% $merge([${INPUT}, {'redrives': ${REDRIVES}}]) %}`,
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
