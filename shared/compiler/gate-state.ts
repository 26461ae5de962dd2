/**
 * The state before a step that waits for others than the structure puts before it: it stores its own token and sleeps until
 * the last of its producers wakes it (shared/app/steps/signal-gates.ts). No Lambda, no polling.
 *
 * Invariants (tests cite them):
 * gate-state/W1 it does not begin to wait for what has happened: its write is refused once all producers are in `done`
 * gate-state/W2 it cannot take the place of a later entry of itself, whichever way the clock has gone since: its write is refused for a lower fence
 * gate-state/W3 every wait ends: after a day without a word it asks again, under the next fence, for as long as an execution lasts
 */
import type { TaskState } from './asl.ts'
import { PATIENT } from './retries.ts'
import { fieldOf, prefixed, REDRIVES, type StepNames } from './step-names.ts'

/** Spelt differently by AWS and by some emulators. */
const REFUSED = ['DynamoDB.ConditionalCheckFailedException', 'DynamoDb.ConditionalCheckFailedException']

/**
 * A redrive beats what was before it, and a retry the try whose token is dead. The state is entered once between two redrives: when that
 * was is no part of it, for a clock may go back.
 */
const FENCE = `{% $string(1000 + ${REDRIVES}) & '#' & $string(1000 + $states.context.State.RetryCount) %}`

/** What the state asks of the table, in DynamoDB's own words; the host's part is in `signalGates`. */
export const GATE_WRITE = {
  UpdateExpression: 'SET tok = :t, fence = :f',
  ConditionExpression:
    '(attribute_not_exists(done) OR size(done) < :n) AND (attribute_not_exists(fence) OR fence <= :f)',
} as const

/** `producers` is how many have to end before the step, which begins with the state `next`. */
export function gateState({ name, path }: StepNames, producers: number, next = name): TaskState {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken',
    Arguments: {
      TableName: '${TasksTable}',
      Key: {
        pk: { S: "{% 'TASK#' & $states.context.Execution.Input.taskId %}" },
        sk: { S: fieldOf(prefixed('GATE#', path)) },
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
