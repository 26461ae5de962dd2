/**
 * The states of one step: the Task, and three more that are entered only after a failure.
 *
 * Expressions stay plain (paths, $exists, $string, &, ?:): people read them in the console, and emulators
 * evaluate a subset.
 */
import { type AgentStep, DEFAULT_TIMEOUT_SECONDS } from '../workflow/schema.ts'
import type { Onward, State, TaskState } from './asl.ts'
import { agentRetry, LAMBDA_RETRY, rebindRetry, THROTTLED_RETRY } from './retries.ts'
import { fieldOf, REDRIVES, type StepNames } from './step-names.ts'
import { afterTurn, functionOfTurn, SUSPENDABLE_OUTPUT, statesOfSuspension } from './suspend-states.ts'

/** A Task's timeout is longer than its Lambda's, so that Lambda's own error arrives. */
const TIMEOUT_MARGIN_SECONDS = 15
const REBIND_TIMEOUT_SECONDS = 60

/** Identifies the call by task, state and entry, which the host derives the fence from. */
export const CALL = {
  taskId: '{% $states.context.Execution.Input.taskId %}',
  state: '{% $states.context.State %}',
  // In a list, because an emulator may not have the count, and JSONata's "nothing" would be an error here.
  redrives: `{% [${REDRIVES}] %}`,
}

/** The error from a Catch, if one led here. */
export const CAUGHT = '{% $exists($states.input.Error) ? $states.input : {} %}'

/**
 * How many agents the rebinder has chosen before. It orders the entries of a step's states, because a clock may go back. In a list, which
 * is empty the first time.
 */
const TURN = '{% [$states.input.turn] %}'
const LEFT_TO_REBINDER = { error: '{% $states.errorOutput %}', turn: TURN }

type StateNames = { step: string; rebind: string; again: string; wait: string }

function namesOf(stepId: string): StateNames {
  return {
    step: stepId,
    rebind: `${stepId}: rebind`,
    again: `${stepId}: again?`,
    wait: `${stepId}: wait`,
  }
}

/**
 * The step's states by name, its entry first; both success and a settled failure continue `onward`. A step that is bound late enters
 * through the rebinder. `suspends`: its agent may, and the step has the states for it.
 */
export function statesOfStep(
  own: StepNames,
  step: AgentStep,
  onward: Onward,
  suspends = false,
): Record<string, State> {
  const names = namesOf(own.name)
  const isLate = step.bind === 'late'
  const task = {
    [names.step]: suspends
      ? asTurn(own, stepTask(own, step, names, { Next: afterTurn(own) }))
      : stepTask(own, step, names, onward),
  }
  const rebind = { [names.rebind]: rebindTask(own, names, isLate) }
  const out = wayOut(own, onward)
  return {
    ...(isLate ? { ...rebind, ...task } : { ...task, ...rebind }),
    [names.again]: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $exists($states.input.settled) %}', Next: out.to }],
      Default: names.wait,
    },
    [names.wait]: { Type: 'Wait', Seconds: '{% $states.input.rebound.waitSeconds %}', Next: names.step },
    ...(suspends ? statesOfSuspension(own, out.to) : {}),
    ...out.states,
  }
}

/** The Task of a step whose agent may suspend: it calls the agent of the turn before again, and hands on what the waiting state needs. */
function asTurn({ agent }: StepNames, task: TaskState): TaskState {
  return {
    ...task,
    Arguments: { ...task.Arguments, FunctionName: functionOfTurn(agent) },
    Output: SUSPENDABLE_OUTPUT,
  }
}

/** The target of a Choice that continues `onward`: a Choice cannot end a branch itself. */
export function wayOut({ name }: StepNames, onward: Onward): { to: string; states: Record<string, State> } {
  if ('Next' in onward) return { to: onward.Next, states: {} }
  const settled = `${name}: settled`
  return { to: settled, states: { [settled]: { Type: 'Succeed' } } }
}

function stepTask({ path, agent }: StepNames, step: AgentStep, names: StateNames, onward: Onward): TaskState {
  return {
    Type: 'Task',
    ...(step.description ? { Comment: step.description } : {}),
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: functionOf(agent),
      Payload: { ...CALL, path: fieldOf(path), turn: TURN },
    },
    Output: '{% $states.result.Payload %}',
    TimeoutSeconds: Math.ceil(step.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) + TIMEOUT_MARGIN_SECONDS,
    Retry: [THROTTLED_RETRY, LAMBDA_RETRY, agentRetry(step)],
    Catch: [{ ErrorEquals: ['States.ALL'], Output: LEFT_TO_REBINDER, Next: names.rebind }],
    ...onward,
  }
}

/** The ARN of the rebinder's choice, or else of the planned agent. */
const functionOf = (agent: string): string =>
  `{% $exists($states.input.rebound) ? $states.input.rebound.functionArn : ${agent} %}`

/** Without a Catch, because an error of the rebinder ends the task. */
function rebindTask({ path }: StepNames, names: StateNames, isLate: boolean): TaskState {
  // In late binding the input may come from a state other than the step's Catch.
  const error = isLate ? '{% $exists($states.input.error) ? $states.input : {} %}' : '{% $states.input %}'
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: '${RebindFunction}',
      Payload: { ...CALL, path: fieldOf(path), error },
    },
    Output: '{% $states.result.Payload %}',
    TimeoutSeconds: REBIND_TIMEOUT_SECONDS,
    Retry: rebindRetry(),
    Next: names.again,
  }
}
