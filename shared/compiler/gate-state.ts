/**
 * A gate: the state before a step with dependencies that the structure does not express. It stores its task token and sleeps until the last
 * of its producers wakes it (shared/app/steps/signal-gates.ts). No Lambda, no polling.
 *
 * Invariants (tests cite them):
 * gate-state/W1 it never waits for producers that have all ended: its conditional write is refused once all are in `done`
 * gate-state/W2 it cannot overwrite a later entry of itself, even if a clock was set back: its conditional write is refused for a lower
 *    fence
 * gate-state/W3 every wait ends: after a day it times out and writes again with the next fence, for as long as an execution can last
 */
import { TASK_ITEMS, TASK_PARTITIONS } from '../contracts/table-layout.ts'
import type { TaskState } from './asl.ts'
import { PATIENT } from './retries.ts'
import { fieldOf, prefixed, REDRIVES, type StepNames } from './step-names.ts'

/** The failed conditional write, which AWS and some emulators spell differently. */
export const REFUSED = [
  'DynamoDB.ConditionalCheckFailedException',
  'DynamoDb.ConditionalCheckFailedException',
]

/**
 * The fence: a redrive is higher than anything before it, and a retry higher than the attempt whose token is dead. Between two redrives the
 * state is entered once, so no time is needed, which a clock might set back.
 */
const FENCE = `{% $string(1000 + ${REDRIVES}) & '#' & $string(1000 + $states.context.State.RetryCount) %}`

/** The state's conditional write; the producers' part is in `signalGates`. */
export const GATE_WRITE = {
  UpdateExpression: 'SET tok = :t, fence = :f',
  ConditionExpression:
    '(attribute_not_exists(done) OR size(done) < :n) AND (attribute_not_exists(fence) OR fence <= :f)',
} as const

/** The gate before a step that begins with the state `next`; `producers` is the number of steps it waits for. */
export function gateState({ name, path }: StepNames, producers: number, next = name): TaskState {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken',
    Arguments: {
      TableName: '${TasksTable}',
      Key: {
        pk: { S: `{% '${TASK_PARTITIONS.task}' & $states.context.Execution.Input.taskId %}` },
        sk: { S: fieldOf(prefixed(TASK_ITEMS.gate, path)) },
      },
      ...GATE_WRITE,
      ExpressionAttributeValues: {
        ':t': { S: '{% $states.context.Task.Token %}' },
        ':n': { N: String(producers) },
        ':f': { S: FENCE },
      },
    },
    Output: '{% {} %}',
    TimeoutSeconds: 86_400,
    Retry: [
      { ErrorEquals: REFUSED, MaxAttempts: 0 },
      { ErrorEquals: ['States.Timeout'], MaxAttempts: 400, BackoffRate: 1 },
      { ErrorEquals: ['States.TaskFailed'], ...PATIENT },
    ],
    Catch: [{ ErrorEquals: REFUSED, Output: '{% {} %}', Next: next }],
    Next: next,
  }
}
