import { describe, expect, it } from 'vitest'
import { StateError } from '../../../local/stepfunctions/run/state-error.ts'
import { invokeTask, runDefinition } from '../../support/cloud/run-definition.ts'

const one = (state: object) => ({ StartAt: 'Only', States: { Only: { End: true, ...state } } })
const failing = (error: string) => async () => {
  throw new StateError(error, 'because')
}

describe('the Step Functions engine', () => {
  it('shapes data with Output and Assign, and passes variables on', async () => {
    const { execution } = await runDefinition(
      {
        StartAt: 'A',
        States: {
          A: { Type: 'Pass', Assign: { n: '{% $states.input.x + 1 %}' }, Output: { y: 2 }, Next: 'B' },
          B: { Type: 'Pass', Output: { sum: '{% $n + $states.input.y %}' }, End: true },
        },
      },
      { input: { x: 1 } },
    )
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { sum: 4 } })
  })

  it('fails where an expression finds nothing', async () => {
    const { execution } = await runDefinition(one({ Type: 'Pass', Output: '{% $states.input.none %}' }))
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' })
    expect(execution.cause).toContain('returned nothing (undefined)')
  })

  it('waits a year in no time', async () => {
    const { execution, elapsedSeconds } = await runDefinition(one({ Type: 'Wait', Seconds: 31_536_000 }))
    expect(execution.status).toBe('SUCCEEDED')
    expect(elapsedSeconds).toBe(31_536_000)
  })

  it('runs branches side by side and gives their outputs in order', async () => {
    const branch = (seconds: number, name: string) => ({
      StartAt: `wait ${name}`,
      States: {
        [`wait ${name}`]: { Type: 'Wait', Seconds: seconds, Next: `say ${name}` },
        [`say ${name}`]: { Type: 'Pass', Output: name, End: true },
      },
    })
    const { execution, elapsedSeconds } = await runDefinition(
      one({ Type: 'Parallel', Branches: [branch(5, 'slow'), branch(1, 'fast')] }),
    )
    expect(execution.output).toEqual(['slow', 'fast'])
    expect(elapsedSeconds).toBe(5)
  })

  it('stops the other branches when one fails', async () => {
    const { execution, elapsedSeconds } = await runDefinition(
      one({
        Type: 'Parallel',
        Branches: [
          { StartAt: 'w', States: { w: { Type: 'Wait', Seconds: 100, End: true } } },
          { StartAt: 'f', States: { f: { Type: 'Fail', Error: 'Mine', Cause: 'why' } } },
        ],
      }),
    )
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Mine', cause: 'why' })
    expect(elapsedSeconds).toBe(0)
  })

  it('counts retries for each retrier, with growing waits (failable/T1, failable/T2)', async () => {
    const errors = ['A', 'B', 'A', 'A']
    const task = invokeTask('f', {
      Retry: [
        { ErrorEquals: ['A'], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 3, MaxDelaySeconds: 5 },
        { ErrorEquals: ['B'], IntervalSeconds: 10, MaxAttempts: 1 },
      ],
    })
    const { execution, elapsedSeconds } = await runDefinition(one(task), {
      invoke: async () => {
        const error = errors.shift()
        if (error) throw new StateError(error, '')
        return 'done'
      },
    })
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: 'done' })
    expect(elapsedSeconds).toBe(1 + 10 + 3 + 5)
  })

  it('goes to the first catcher that names the error, with its output (failable/T3)', async () => {
    const { execution } = await runDefinition(
      {
        StartAt: 'T',
        States: {
          T: invokeTask('f', {
            Catch: [
              { ErrorEquals: ['Other'], Next: 'No' },
              { ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput.Error %}', Next: 'Yes' },
            ],
            End: true,
          }),
          Yes: { Type: 'Pass', End: true },
          No: { Type: 'Fail' },
        },
      },
      { invoke: failing('Mine') },
    )
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: 'Mine' })
  })

  it('catches and retries an error in its own Output like one of its call (failable/T4)', async () => {
    const { execution, elapsedSeconds } = await runDefinition(
      {
        StartAt: 'T',
        States: {
          T: invokeTask('f', {
            Output: '{% $states.result.none %}',
            Retry: [{ ErrorEquals: ['States.QueryEvaluationError'], IntervalSeconds: 7, MaxAttempts: 1 }],
            Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Output: 'caught', Next: 'Yes' }],
            End: true,
          }),
          Yes: { Type: 'Pass', End: true },
        },
      },
      { invoke: async () => ({}) },
    )
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: 'caught' })
    expect(elapsedSeconds).toBe(7)
  })

  it('does not let States.ALL catch the errors that AWS excludes', async () => {
    const large = 'x'.repeat(300_000)
    const { execution } = await runDefinition(
      {
        StartAt: 'T',
        States: {
          T: invokeTask('f', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }], End: true }),
          C: { Type: 'Succeed' },
        },
      },
      { invoke: async () => large },
    )
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' })
  })

  it('times a task out', async () => {
    const { execution, elapsedSeconds } = await runDefinition(one(invokeTask('f', { TimeoutSeconds: 7 })), {
      invoke: (_name, _payload, clock) => clock.sleep(60_000),
    })
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout' })
    expect(elapsedSeconds).toBe(7)
  })

  it('provides the context values that fences consist of', async () => {
    const fence =
      "{% $states.context.State.EnteredTime & '#' & $string($states.context.Execution.RedriveCount) & '#' & $string($states.context.State.RetryCount) %}"
    const seen: unknown[] = []
    const task = invokeTask('f', {
      Arguments: { FunctionName: 'f', Payload: fence },
      Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 2 }],
    })
    await runDefinition(one(task), {
      invoke: async (_name, payload) => {
        seen.push(payload)
        if (seen.length < 2) throw new StateError('Again', '')
        return {}
      },
    })
    expect(seen).toEqual(['2026-01-01T00:00:00.000Z#0#0', '2026-01-01T00:00:00.000Z#0#1'])
  })

  it('records history as AWS does', async () => {
    const { execution } = await runDefinition(one(invokeTask('f')), { invoke: async () => 1 })
    expect(execution.events.map(({ id, previousEventId, type }) => [id, previousEventId, type])).toEqual([
      [1, 0, 'ExecutionStarted'],
      [2, 0, 'TaskStateEntered'],
      [3, 2, 'TaskScheduled'],
      [4, 3, 'TaskStarted'],
      [5, 4, 'TaskSucceeded'],
      [6, 5, 'TaskStateExited'],
      [7, 6, 'ExecutionSucceeded'],
    ])
  })

  it('refuses JSONPath, unknown targets and unsupported definitions at creation', async () => {
    await expect(runDefinition({ QueryLanguage: 'JSONPath', ...one({ Type: 'Pass' }) })).rejects.toThrow(
      /JSONPath/,
    )
    await expect(runDefinition(one({ Type: 'Pass', End: false, Next: 'Nowhere' }))).rejects.toThrow(
      /"Nowhere" is not a state/,
    )
    await expect(runDefinition(one({ Type: 'Map', ItemProcessor: {} }))).rejects.toThrow(
      /fields are required: \[StartAt, States\] at \/States\/Only\/ItemProcessor/,
    )
  })

  it('maps over items, at most MaxConcurrency at once, and keeps their order', async () => {
    let running = 0
    let most = 0
    const { execution, elapsedSeconds } = await runDefinition(
      one({
        Type: 'Map',
        Items: '{% [1, 2, 3, 4, 5] %}',
        MaxConcurrency: 2,
        ItemSelector: {
          n: '{% $states.context.Map.Item.Value %}',
          at: '{% $states.context.Map.Item.Index %}',
        },
        ItemProcessor: { StartAt: 'T', States: { T: { ...invokeTask('f'), End: true } } },
      }),
      {
        invoke: async (_name, payload, clock) => {
          most = Math.max(most, ++running)
          const { n } = payload as { n: number }
          await clock.sleep((6 - n) * 1_000)
          running -= 1
          return payload
        },
      },
    )
    expect(execution.output).toEqual([1, 2, 3, 4, 5].map((n) => ({ n, at: n - 1 })))
    expect(most).toBe(2)
    // Two workers over 5, 4, 3, 2 and 1 seconds: 5 + 2 + 1 and 4 + 3.
    expect(elapsedSeconds).toBe(8)
  })

  it('fails a Map with its first failing iteration, stops the others, and lets it be caught', async () => {
    const { execution, elapsedSeconds } = await runDefinition({
      StartAt: 'M',
      States: {
        M: {
          Type: 'Map',
          Items: [0, 100],
          ItemProcessor: {
            StartAt: 'W',
            States: {
              W: { Type: 'Wait', Seconds: '{% $states.input %}', Next: 'F' },
              F: { Type: 'Fail', Error: 'Mine', Cause: 'why' },
            },
          },
          Catch: [{ ErrorEquals: ['Mine'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', End: true },
      },
    })
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { Error: 'Mine', Cause: 'why' } })
    expect(elapsedSeconds).toBe(0)
  })

  it('records an evaluation that failed, with state and field', async () => {
    const { execution } = await runDefinition(
      one({ Type: 'Pass', Output: { a: '{% $states.input.none %}' } }),
    )
    expect(execution.events.at(-2)).toMatchObject({
      type: 'EvaluationFailed',
      evaluationFailedEventDetails: {
        state: 'Only',
        location: 'Output/a',
        cause:
          "An error occurred while executing the state 'Only' (entered at the event id #2). The JSONata expression '$states.input.none' specified for the field 'Output/a' returned nothing (undefined).",
      },
    })
  })
})
