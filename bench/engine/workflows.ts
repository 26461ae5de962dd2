import { compileWorkflow } from '../../shared/compiler/index.ts'
import type { Gate } from '../../shared/domain/plan.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'

/** What the benches run: steps, the machine they compile to, and how many of them there are. */
export type BenchWorkflow = {
  name: string
  steps: Record<string, object>
  definition: object
  gates?: Gate[]
}

type Step = { needs?: string[]; milliseconds?: number }

const stepOf = ({ needs = [], milliseconds = 0 }: Step): object => ({
  agent: 'echo',
  capability: 'echo',
  input: { milliseconds },
  ...(needs.length > 0 ? { needs } : {}),
})

function compiled(name: string, shape: Record<string, Step>): BenchWorkflow {
  const steps = Object.fromEntries(Object.entries(shape).map(([id, step]) => [id, stepOf(step)]))
  const { workflow, issues } = validateWorkflow({ name, steps })
  if (!workflow) throw new Error(JSON.stringify(issues))
  const result = compileWorkflow(workflow)
  if (!result.compiled) throw new Error(JSON.stringify(result.issues))
  return { name, steps, definition: result.compiled.definition }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

export const chain = (length: number): BenchWorkflow =>
  compiled(
    `chain${length}`,
    Object.fromEntries(range(length).map((n) => [`s${n}`, n === 0 ? {} : { needs: [`s${n - 1}`] }])),
  )

export const fanOut = (width: number): BenchWorkflow =>
  compiled(`fan${width}`, {
    ...Object.fromEntries(range(width).map((n) => [`s${n}`, {}])),
    join: { needs: range(width).map((n) => `s${n}`) },
  })

export const diamond = (): BenchWorkflow =>
  compiled('diamond', {
    a: {},
    b: { needs: ['a'] },
    c: { needs: ['a'] },
    d: { needs: ['a'] },
    e: { needs: ['b', 'c', 'd'] },
  })

type Flow = { StartAt: string; States: Record<string, { Next?: string; End?: boolean }> }

/**
 * `a -> c`, `a -> d`, `b -> d` with 50, 400, 400 and 50 ms: no series-parallel structure says that. Here `a, c` and `b, d`
 * are branches, and `d` waits at a gate for `a`; by hand, until the compiler does it.
 */
export function unbalanced(): BenchWorkflow {
  const left = compiled('left', { a: { milliseconds: 50 }, c: { needs: ['a'], milliseconds: 400 } })
  const right = compiled('right', { b: { milliseconds: 400 }, d: { needs: ['b'], milliseconds: 50 } })
  const [first, second] = [left, right].map(({ definition }) => definition as Flow)
  if (!first || !second) throw new Error('two branches are needed')
  const gated = insertGate(second, 'd', 1)
  const flow = (from: Flow): Flow => ({ StartAt: from.StartAt, States: from.States })
  return {
    name: 'unbalanced',
    steps: { ...left.steps, ...right.steps, d: stepOf({ needs: ['a', 'b'], milliseconds: 50 }) },
    gates: [{ before: 'd', after: ['a'] }],
    definition: {
      QueryLanguage: 'JSONata',
      StartAt: 'all',
      States: {
        all: { Type: 'Parallel', Branches: [flow(first), flow(gated)], Output: '{% {} %}', End: true },
      },
    },
  }
}

/** Puts the gate of a state before it: wherever the flow went to the state, it goes to the gate. */
export function insertGate(flow: Flow, before: string, producers: number): Flow {
  const text = JSON.stringify(flow).replaceAll(`"Next":"${before}"`, `"Next":"${before}: gate"`)
  const { StartAt, States } = JSON.parse(text) as Flow
  const again = `${before}: wait`
  const back = States[again]
  // The way back from a retry does not pass the gate again.
  const restored = back ? { [again]: { ...back, Next: before } } : {}
  return {
    StartAt: StartAt === before ? `${before}: gate` : StartAt,
    States: { ...States, ...restored, [`${before}: gate`]: gateState(before, producers) },
  }
}

/** One state that stores its token and sleeps until the last of its producers wakes it (docs: shared/app/signal-gates.ts). */
function gateState(before: string, producers: number) {
  const fence =
    "{% $states.context.State.EnteredTime & '#' & $string(1000 + $states.context.Execution.RedriveCount) %}"
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
        ':f': { S: fence },
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
      },
    ],
    Catch: [{ ErrorEquals: REFUSED, Output: '{% {} %}', Next: before }],
    Next: before,
  }
}

const REFUSED = ['DynamoDB.ConditionalCheckFailedException', 'DynamoDb.ConditionalCheckFailedException']
