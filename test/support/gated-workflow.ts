import { compileWorkflow } from '../../shared/compiler/index.ts'
import type { Gate } from '../../shared/domain/plan.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'

export type Flow = { StartAt: string; States: Record<string, { Next?: string; End?: boolean }> }
export type GatedWorkflow = {
  name: string
  steps: Record<string, object>
  definition: object
  gates: Gate[]
}

/** The states of steps that are series-parallel among themselves. */
export function compileFlow(steps: Record<string, object>): Flow {
  const { workflow, issues } = validateWorkflow({ name: 'part', steps })
  if (!workflow) throw new Error(JSON.stringify(issues))
  const { compiled, issues: problems } = compileWorkflow(workflow)
  if (!compiled) throw new Error(JSON.stringify(problems))
  const { StartAt, States } = compiled.definition as Flow
  return { StartAt, States }
}

/** Branches side by side, and what comes after all of them. */
export function sideBySide(branches: Flow[], then?: Flow): object {
  const all = { Type: 'Parallel', Branches: branches, Output: '{% {} %}' }
  return {
    QueryLanguage: 'JSONata',
    StartAt: 'all',
    States: then ? { all: { ...all, Next: then.StartAt }, ...then.States } : { all: { ...all, End: true } },
  }
}

/**
 * Puts the gate of a step before its Task: wherever the flow went to the Task it goes to the gate, but for the way back
 * from a retry. By hand, until the compiler does it.
 */
export function insertGate({ StartAt, States }: Flow, before: string, producers: number): Flow {
  const gate = `${before}: gate`
  const states = Object.entries(States).map(([name, state]) => {
    const comesIn = state.Next === before && name !== `${before}: wait`
    return [name, comesIn ? { ...state, Next: gate } : state] as const
  })
  return {
    StartAt: StartAt === before ? gate : StartAt,
    States: { ...Object.fromEntries(states), [gate]: gateState(before, producers) },
  }
}

const REFUSED = ['DynamoDB.ConditionalCheckFailedException', 'DynamoDb.ConditionalCheckFailedException']
/** A redrive beats what was before it, and a retry the try whose token is dead. */
const FENCE =
  "{% $states.context.State.EnteredTime & '#' & $string(1000 + $states.context.Execution.RedriveCount) & '#' & $string(1000 + $states.context.State.RetryCount) %}"

/** Stores its own token and sleeps until the last of its producers wakes it (shared/app/signal-gates.ts). */
function gateState(before: string, producers: number) {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken',
    Arguments: {
      TableName: '${TasksTable}',
      Key: {
        pk: { S: "{% 'TASK#' & $states.context.Execution.Input.taskId %}" },
        sk: { S: `GATE#${before}` },
      },
      UpdateExpression: 'SET tok = :t, fence = :f',
      ConditionExpression:
        '(attribute_not_exists(done) OR size(done) < :n) AND (attribute_not_exists(fence) OR fence <= :f)',
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
      { ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 30, BackoffRate: 1 },
      {
        ErrorEquals: ['States.TaskFailed'],
        IntervalSeconds: 1,
        MaxAttempts: 8,
        BackoffRate: 2,
        MaxDelaySeconds: 30,
        JitterStrategy: 'FULL',
      },
    ],
    Catch: [{ ErrorEquals: REFUSED, Output: '{% {} %}', Next: before }],
    Next: before,
  }
}
