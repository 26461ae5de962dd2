/**
 * The states of a step whose agent may suspend: after the step's Task a Choice, and a state that stores its task token and sleeps until somebody
 * wakes the step (shared/app/suspending/wake-step.ts), or until its time is over; then the step's Task again. No Lambda, no polling. Like a gate
 * (gate-state.ts), and its conditional write is the other half of the one that wakes.
 *
 * Invariants (tests cite them):
 * suspend-state/W1 it never waits for what has happened: its conditional write is refused once this suspension, or a later one, was woken
 * suspend-state/W2 it cannot overwrite the token of a later entry of itself, also if a write arrives late: the fence grows with redrives, turns and retries, and
 *    without a clock
 * suspend-state/W3 every wait ends, by its timeout at the latest, and leads back to the step, whose host decides what has happened; nothing but the host
 *    ends or fails a suspended step
 * suspend-state/W4 the agent that has suspended is called again: the rebinder's choice, where it has made one, is kept
 */
import { TASK_ITEMS, TASK_PARTITIONS } from '../contracts/table-layout.ts'
import type { ChoiceState, State, TaskState } from './asl.ts'
import { REFUSED } from './gate-state.ts'
import { PATIENT } from './retries.ts'
import { fieldOf, prefixed, REDRIVES, type StepNames } from './step-names.ts'

const RECEIPT = '$states.input.suspended'

/** Each part has a fixed width, so that fences compare as strings. */
const FENCE = `{% $string(1000 + ${REDRIVES}) & '#' & $string(1000000 + ${RECEIPT}.turn) & '#' & $string(1000 + $states.context.State.RetryCount) %}`

/** The state's conditional write; the other part is in `dynamodbSuspensions`. */
export const SUSPEND_WRITE = {
  UpdateExpression: 'SET tok = :t, fence = :f',
  ConditionExpression:
    '(attribute_not_exists(woken) OR woken < :n) AND (attribute_not_exists(fence) OR fence <= :f)',
} as const

/**
 * The output of the step's Task: what the Choice and the waiting state read. In lists, because either may be missing: JSONata's "nothing" would be an
 * error here. Not named `rebound`, which the step that follows would take for its own.
 */
export const SUSPENDABLE_OUTPUT = {
  suspended: '{% [$states.result.Payload.suspended] %}',
  kept: '{% [$states.input.rebound] %}',
}

/** The ARN of the rebinder's choice, which a turn before may have passed on in a list, or else of the planned agent. */
export const functionOfTurn = (agent: string): string =>
  `{% $exists($states.input.rebound.functionArn) ? $states.input.rebound.functionArn : ${agent} %}`

const namesOf = ({ name }: StepNames) => ({ ended: `${name}: ended?`, suspend: `${name}: suspend` })

/** The name of the state that follows the step's Task. */
export const afterTurn = (own: StepNames): string => namesOf(own).ended

/** The two states; a step that has ended continues with the state `out`. */
export function statesOfSuspension(own: StepNames, out: string): Record<string, State> {
  const { ended, suspend } = namesOf(own)
  const choice: ChoiceState = {
    Type: 'Choice',
    Choices: [{ Condition: `{% $exists(${RECEIPT}.n) %}`, Next: suspend }],
    Default: out,
  }
  return { [ended]: choice, [suspend]: suspendState(own) }
}

function suspendState({ name, path }: StepNames): TaskState {
  const back = { turn: `{% [${RECEIPT}.turn] %}`, rebound: '{% [$states.input.kept] %}' }
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken',
    Arguments: {
      TableName: '${TasksTable}',
      Key: {
        pk: { S: `{% '${TASK_PARTITIONS.task}' & $states.context.Execution.Input.taskId %}` },
        sk: { S: fieldOf(prefixed(TASK_ITEMS.wake, path)) },
      },
      ...SUSPEND_WRITE,
      ExpressionAttributeValues: {
        ':t': { S: '{% $states.context.Task.Token %}' },
        ':n': { N: `{% $string(${RECEIPT}.n) %}` },
        ':f': { S: FENCE },
      },
    },
    Output: back,
    TimeoutSeconds: `{% ${RECEIPT}.seconds %}`,
    HeartbeatSeconds: `{% ${RECEIPT}.heartbeat %}`,
    Retry: [
      { ErrorEquals: [...REFUSED, 'States.Timeout', 'States.HeartbeatTimeout'], MaxAttempts: 0 },
      { ErrorEquals: ['States.TaskFailed'], ...PATIENT },
    ],
    Catch: [{ ErrorEquals: ['States.ALL'], Output: back, Next: name }],
    Next: name,
  }
}
