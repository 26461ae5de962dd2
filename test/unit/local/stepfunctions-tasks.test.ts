import { describe, expect, it } from 'vitest'
import type { IntegrationCall } from '../../../local/stepfunctions/integrations/integration.ts'
import { detailsOf } from '../../../local/stepfunctions/run/history.ts'
import { StateError } from '../../../local/stepfunctions/run/state-error.ts'
import { EXECUTION_ARN, invokeTask, MACHINE_ARN, makeEngine } from '../../support/cloud/run-definition.ts'

const one = (state: object) => ({ StartAt: 'Only', States: { Only: { End: true, ...state } } })
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A task that waits for its task token, and the token that its service got. */
const waiting = (more: object = {}) =>
  one({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: { FunctionName: 'f', Payload: { token: '{% $states.context.Task.Token %}' } },
    ...more,
  })

function startWaiting(more: object = {}) {
  const tokens: string[] = []
  const calls: IntegrationCall[] = []
  const engine = makeEngine({
    integrations: {
      'lambda:invoke': async (call) => {
        calls.push(call)
        tokens.push((call.arguments.Payload as { token: string }).token)
        return { StatusCode: 200 }
      },
    },
  })
  engine.start(waiting(more))
  return { ...engine, tokens, calls }
}

describe('a task that waits for its token', () => {
  it('continues with the answer to its token, recorded before the answer is acknowledged (call/C3)', async () => {
    const { service, tokens, ended, events } = startWaiting()
    await turn()
    expect(events().map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
    ])
    service.tokens.get(tokens[0] ?? '').settle({ output: { answer: 42 } })
    expect(events().at(-1)).toMatchObject({ type: 'TaskSucceeded' })
    expect(await ended()).toMatchObject({ status: 'SUCCEEDED', output: { answer: 42 } })
  })

  it('takes one answer, and refuses the second (call/C1)', async () => {
    const { service, tokens, ended } = startWaiting()
    await turn()
    const token = tokens[0] ?? ''
    service.tokens.get(token).settle({ error: 'Mine', cause: 'why' })
    expect(() => service.tokens.get(token)).toThrow(/does not exist anymore/)
    expect(await ended()).toMatchObject({ status: 'FAILED', error: 'Mine', cause: 'why' })
    expect(() => service.tokens.get('never one')).toThrow(/Invalid Token/)
  })

  it('records nothing after the end of its execution (history/J4)', async () => {
    const { service, tokens, ended, events } = startWaiting()
    await turn()
    const answered = service.tokens.get(tokens[0] ?? '')
    service.stopExecution(EXECUTION_ARN)
    await ended()
    const history = events().map(({ type }) => type)
    expect(history.at(-1)).toBe('ExecutionAborted')
    expect(() => answered.settle({ output: {} })).not.toThrow()
    await turn()
    expect(events().map(({ type }) => type)).toEqual(history)
  })

  it('may be answered before its call has returned', async () => {
    let token = ''
    const { start, service, ended } = makeEngine({
      integrations: {
        'lambda:invoke': async (call) => {
          token = (call.arguments.Payload as { token: string }).token
          service.tokens.get(token).settle({ output: 'early' })
          return {}
        },
      },
    })
    start(waiting())
    expect(await ended()).toMatchObject({ status: 'SUCCEEDED', output: 'early' })
  })

  it('times out, and fails with its call', async () => {
    const { ended, clock } = startWaiting({ TimeoutSeconds: 90 })
    const started = clock.now()
    expect(await ended()).toMatchObject({ status: 'FAILED', error: 'States.Timeout' })
    expect(clock.now() - started).toBe(90_000)
    const refused = makeEngine({
      integrations: {
        'lambda:invoke': async () => {
          throw new StateError('Refused', 'no')
        },
      },
    })
    refused.start(waiting())
    expect(await refused.ended()).toMatchObject({ status: 'FAILED', error: 'Refused' })
  })

  it('times out when no heartbeat comes, and lives on while they do', async () => {
    const { service, tokens, ended, clock } = startWaiting({
      HeartbeatSeconds: '{% 10 %}',
      TimeoutSeconds: 3_600,
    })
    const started = clock.now()
    for (let beat = 0; beat < 5; beat++) {
      await clock.sleep(8_000)
      service.tokens.get(tokens[0] ?? '').heartbeat()
    }
    expect(await ended()).toMatchObject({ status: 'FAILED', error: 'States.Timeout' })
    expect(clock.now() - started).toBe(5 * 8_000 + 10_000)
  })
})

describe('states:startExecution', () => {
  const CHILD = MACHINE_ARN.replace('test', 'child')
  const parent = (resource: string) =>
    one({
      Type: 'Task',
      Resource: `arn:aws:states:::states:${resource}`,
      Arguments: { StateMachineArn: CHILD, Input: { n: 1 } },
    })
  function start(resource: string, child: object) {
    const engine = makeEngine()
    const definition = JSON.stringify({ QueryLanguage: 'JSONata', ...child })
    engine.service.putStateMachine({ stateMachineArn: CHILD, name: 'child', definition, roleArn: 'r' })
    engine.start(parent(resource))
    return engine
  }
  const echo = one({ Type: 'Pass', Output: '{% $states.input.n + 1 %}' })

  it('waits for the child with .sync:2 and gives its output as a value', async () => {
    const { ended } = start('startExecution.sync:2', echo)
    const { status, output, events } = await ended()
    expect({ status, output }).toMatchObject({
      status: 'SUCCEEDED',
      output: { Status: 'SUCCEEDED', Input: { n: 1 }, Output: 2, StateMachineArn: CHILD },
    })
    expect(events.map(({ type }) => type)).toContain('TaskSubmitted')
  })

  it('fails with States.TaskFailed when the child does, and says why in the cause', async () => {
    const { ended } = start('startExecution.sync:2', one({ Type: 'Fail', Error: 'Mine', Cause: 'why' }))
    const { status, error, cause } = await ended()
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.TaskFailed' })
    expect(JSON.parse(cause ?? '')).toMatchObject({ Error: 'Mine', Cause: 'why', Status: 'FAILED' })
  })

  it('stops the child when the parent is stopped', async () => {
    const { service, ended } = start('startExecution.sync', one({ Type: 'Wait', Seconds: 1_000_000 }))
    await turn()
    service.stopExecution(EXECUTION_ARN)
    await ended()
    await turn()
    const [child] = service.listExecutions({ stateMachineArn: CHILD }, { from: 0, limit: 1 })
    expect(child).toMatchObject({ status: 'ABORTED' })
  })

  it('does not wait without .sync, and names what does not exist', async () => {
    const { ended } = start('startExecution', echo)
    expect(await ended()).toMatchObject({ status: 'SUCCEEDED', output: { ExecutionArn: expect.any(String) } })
    const lost = makeEngine()
    lost.start(parent('startExecution.sync:2'))
    expect(await lost.ended()).toMatchObject({ error: 'StepFunctions.StateMachineDoesNotExistException' })
  })
})

describe('variables', () => {
  it('are seen inside branches and iterations, and stay there when assigned there', async () => {
    const { start, ended } = makeEngine()
    start({
      StartAt: 'set',
      States: {
        set: { Type: 'Pass', Assign: { outer: 1 }, Next: 'both' },
        both: {
          Type: 'Parallel',
          Branches: [
            {
              StartAt: 'inner',
              States: {
                inner: { Type: 'Pass', Assign: { mine: '{% $outer + 1 %}' }, Next: 'use' },
                use: { Type: 'Pass', Output: '{% $mine %}', End: true },
              },
            },
          ],
          Assign: { after: '{% $states.result[0] %}' },
          Next: 'see',
        },
        see: {
          Type: 'Pass',
          Output: { after: '{% $after %}', gone: '{% $exists($mine) %}' },
          End: true,
        },
      },
    })
    expect(await ended()).toMatchObject({ output: { after: 2, gone: false } })
  })

  const inBranch = (Assign: object, outer: object = { taken: 1 }) => ({
    StartAt: 'set',
    States: {
      set: { Type: 'Pass', Assign: outer, Next: 'both' },
      both: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'p', States: { p: { Type: 'Pass', Assign, End: true } } }],
        End: true,
      },
    },
  })

  it('may not reuse the name of an outer scope; branches side by side may share one', () => {
    const { service } = makeEngine()
    const validate = (definition: object) =>
      service.validate(JSON.stringify({ QueryLanguage: 'JSONata', ...definition }))
    expect(validate(inBranch({ taken: 2 }))).toEqual([expect.stringContaining('"taken"')])
    expect(validate(inBranch({ free: 2 }))).toEqual([])
    expect(validate(inBranch({ states: 2 }))).toEqual([expect.stringContaining('not "states"')])
    expect(validate(inBranch({ 'a-b': 2 }))).toHaveLength(1)
  })

  it('have limits: 256 KiB in one Assign', async () => {
    const { start, ended } = makeEngine()
    start(one({ Type: 'Pass', Assign: { a: 'x'.repeat(200_000), b: 'x'.repeat(100_000) } }))
    expect(await ended()).toMatchObject({ error: 'States.DataLimitExceeded' })
  })

  it('do not lose a singleton to an expression that marks it', async () => {
    const { start, ended } = makeEngine()
    start(
      {
        StartAt: 'a',
        States: {
          a: {
            Type: 'Pass',
            Assign: { kept: '{% $states.input.list.x[] %}' },
            Output: '{% $states.input.list.x %}',
            End: true,
          },
        },
      },
      { list: [{ x: 1 }] },
    )
    const { output, events } = await ended()
    expect(output).toBe(1)
    expect(detailsOf(events.find(({ type }) => type === 'PassStateExited') as never)).toMatchObject({
      assignedVariables: { kept: '[1]' },
    })
  })
})

describe('bad input', () => {
  const { service } = makeEngine()
  const validate = (states: unknown, more: object = {}) =>
    service.validate(JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'A', States: states, ...more }))

  it.each<[string, unknown, RegExp]>([
    ['no state', { A: null }, /expected object, received null at \/States\/A/],
    ['states that are a text', 'x', /expected record, received string at \/States/],
    [
      'a Catch that is none',
      { A: { Type: 'Pass', End: true, Catch: {} } },
      /expected array.* at \/States\/A\/Catch/,
    ],
    [
      'retries below nothing',
      { A: { ...invokeTask('f'), End: true, Retry: [{ ErrorEquals: ['x'], MaxAttempts: -1 }] } },
      /Retry\/0\/MaxAttempts/,
    ],
    [
      'a query that does not parse',
      { A: { Type: 'Pass', Output: '{% 1 + %}', End: true } },
      /does not parse at \/States\/A\/Output/,
    ],
    [
      'a state nobody reaches',
      { A: { Type: 'Pass', End: true }, B: { Type: 'Pass', End: true } },
      /"B" is not reachable/,
    ],
    [
      'States.ALL beside others',
      { A: { ...invokeTask('f'), End: true, Catch: [{ ErrorEquals: ['States.ALL', 'x'], Next: 'A' }] } },
      /must appear alone/,
    ],
    [
      'a file reader',
      {
        A: {
          Type: 'Map',
          End: true,
          ItemReader: {},
          ItemProcessor: { StartAt: 'B', States: { B: { Type: 'Pass', End: true } } },
        },
      },
      /ItemReader is not supported/,
    ],
  ])('is refused at creation, with its place: %s', (_what, states, reason) => {
    expect(validate(states)).toEqual([expect.stringMatching(reason)])
  })

  it('fails a Map whose numbers make no sense, instead of running nothing', async () => {
    for (const MaxConcurrency of ['{% -1 %}', '{% 0.5 %}']) {
      const { start, ended } = makeEngine()
      start(
        one({
          Type: 'Map',
          Items: [1],
          MaxConcurrency,
          ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } },
        }),
      )
      expect(await ended()).toMatchObject({
        status: 'FAILED',
        cause: expect.stringContaining('out of range'),
      })
    }
  })

  it('ends an expression without end', { timeout: 30_000 }, async () => {
    const { start, ended } = makeEngine()
    start(one({ Type: 'Pass', Output: '{% ($f := function($n) { $f($n + 1) }; $f(1)) %}' }))
    expect(await ended()).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining('is it without end?'),
    })
  })

  it('answers time and chance from the clock and the random source of the engine', async () => {
    const { start, ended } = makeEngine()
    start(
      one({
        Type: 'Pass',
        Output: ['{% $now() %}', '{% $millis() %}', "{% $now('[Y0001]') %}", '{% $random() %}'],
      }),
    )
    expect(await ended()).toMatchObject({
      output: ['2026-01-01T00:00:00.000Z', Date.UTC(2026, 0, 1), '2026', 1],
    })
  })
})

describe('a distributed Map', () => {
  const map = (more: object = {}) =>
    one({
      Type: 'Map',
      Items: '{% [1, 2, 3, 4] %}',
      ItemSelector: {
        n: '{% $states.context.Map.Item.Value %}',
        of: '{% $states.context.Execution.Input.of %}',
      },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'T',
        States: { T: { ...invokeTask('f'), End: true } },
      },
      ...more,
    })
  const failsAt2 = async (_name: string, payload: unknown) => {
    const { n } = payload as { n: number }
    if (n === 2) throw new StateError('Mine', 'two')
    return payload
  }

  it('runs an execution for each item, listed under its run', async () => {
    const { start, ended, service } = makeEngine({ invoke: async (_name, payload) => payload })
    start(map(), { of: 'all' })
    const { output, events } = await ended()
    expect(output).toEqual([1, 2, 3, 4].map((n) => ({ n, of: 'all' })))
    const started = events.find(({ type }) => type === 'MapRunStarted')
    const { mapRunArn } = detailsOf(started as never) as { mapRunArn: string }
    expect(service.listExecutions({ mapRunArn }, { from: 0, limit: 10 })).toHaveLength(4)
    expect(service.listExecutions({ stateMachineArn: MACHINE_ARN }, { from: 0, limit: 10 })).toHaveLength(1)
  })

  it('tolerates failures up to its threshold, by count or percentage', async () => {
    for (const tolerance of [{ ToleratedFailureCount: 1 }, { ToleratedFailurePercentage: '{% 25 %}' }]) {
      const { start, ended } = makeEngine({ invoke: failsAt2 })
      start(map(tolerance), { of: 1 })
      expect(await ended()).toMatchObject({
        status: 'SUCCEEDED',
        output: [{ n: 1 }, { Error: 'Mine', Cause: 'two' }, { n: 3 }, { n: 4 }],
      })
    }
    const { start, ended } = makeEngine({ invoke: failsAt2 })
    start(map(), { of: 1 })
    expect(await ended()).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' })
  })
})
