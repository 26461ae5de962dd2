import { describe, expect, it } from 'vitest'
import { detailsOf } from '../../../local/stepfunctions/run/history.ts'
import { StateError } from '../../../local/stepfunctions/run/state-error.ts'
import { EXECUTION_ARN, invokeTask, makeEngine } from '../../support/cloud/run-definition.ts'

const task = (name: string, more: object = {}) =>
  invokeTask(name, { Arguments: { FunctionName: name, Payload: COUNTS }, ...more })
const COUNTS =
  "{% $string($states.context.Execution.RedriveCount) & '#' & $string($states.context.State.RetryCount) %}"

/** Functions that fail until told otherwise, and a record of their calls. */
function startRedrivable(definition: object) {
  const broken = new Set(['bad', 'worse'])
  const calls: string[] = []
  const engine = makeEngine({
    invoke: async (name, payload, clock) => {
      calls.push(`${name} ${payload}`)
      await clock.sleep(name === 'slow' ? 60_000 : 1_000)
      if (broken.has(name)) throw new StateError('Mine', name)
      return name
    },
  })
  engine.start(definition)
  return { ...engine, broken, calls }
}

describe('a redrive', () => {
  it('runs the failed state again, its retries uncounted, and nothing that had succeeded (failable/T5)', async () => {
    const { service, ended, broken, calls } = startRedrivable({
      StartAt: 'ok',
      States: {
        ok: task('good', { Next: 'fails' }),
        fails: task('bad', { Retry: [{ ErrorEquals: ['Mine'], MaxAttempts: 1 }], End: true }),
      },
    })
    expect(await ended()).toMatchObject({ status: 'FAILED', error: 'Mine' })
    expect(calls).toEqual(['good 0#0', 'bad 0#0', 'bad 0#1'])
    service.redriveExecution(EXECUTION_ARN)
    expect(await ended()).toMatchObject({ status: 'FAILED' })
    broken.clear()
    service.redriveExecution(EXECUTION_ARN)
    const { status, output, events } = await ended()
    expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: 'bad' })
    expect(calls.slice(3)).toEqual(['bad 1#0', 'bad 1#1', 'bad 2#0'])
    expect(events.filter(({ type }) => type === 'ExecutionRedriven')).toHaveLength(2)
    expect(events.filter(({ type }) => type === 'TaskStateEntered')).toHaveLength(2)
    expect(service.getExecution(EXECUTION_ARN)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 2 })
  })

  it('goes on in the branch that failed and in those that were stopped; others stay done', async () => {
    const branch = (name: string, after?: string) => ({
      StartAt: name,
      States: {
        [name]: task(name, after ? { Next: after } : { End: true }),
        ...(after ? { [after]: task(after, { End: true }) } : {}),
      },
    })
    const { service, ended, broken, calls } = startRedrivable({
      StartAt: 'all',
      States: {
        all: {
          Type: 'Parallel',
          Branches: [branch('done'), branch('first', 'bad'), branch('slow', 'last')],
          End: true,
        },
      },
    })
    const { events } = await ended()
    expect(events.map(({ type }) => type).slice(-3)).toEqual([
      'TaskStateAborted',
      'ParallelStateFailed',
      'ExecutionFailed',
    ])
    expect(calls).toEqual(['done 0#0', 'first 0#0', 'slow 0#0', 'bad 0#0'])
    broken.clear()
    service.redriveExecution(EXECUTION_ARN)
    expect(await ended()).toMatchObject({ status: 'SUCCEEDED', output: ['done', 'bad', 'last'] })
    expect(calls.slice(4).sort()).toEqual(['bad 1#0', 'last 1#0', 'slow 1#0'])
  })

  it('does not run caught failures again', async () => {
    const { service, ended, broken, calls } = startRedrivable({
      StartAt: 'caught',
      States: {
        caught: task('worse', { Catch: [{ ErrorEquals: ['Mine'], Next: 'fails' }], Next: 'fails' }),
        fails: task('bad', { End: true }),
      },
    })
    await ended()
    broken.clear()
    service.redriveExecution(EXECUTION_ARN)
    expect(await ended()).toMatchObject({ status: 'SUCCEEDED' })
    expect(calls).toEqual(['worse 0#0', 'bad 0#0', 'bad 1#0'])
  })

  it('does the same for iterations, inline and distributed', async () => {
    for (const ProcessorConfig of [{ Mode: 'INLINE' }, { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }]) {
      let isBroken = true
      const calls: unknown[] = []
      const { start, ended, service } = makeEngine({
        invoke: async (_name, payload) => {
          calls.push(payload)
          if (isBroken && payload === 2) throw new StateError('Mine', '')
          return payload
        },
      })
      start({
        StartAt: 'each',
        States: {
          each: {
            Type: 'Map',
            Items: [1, 2],
            MaxConcurrency: 1,
            ItemProcessor: {
              ProcessorConfig,
              StartAt: 'T',
              States: { T: { ...invokeTask('f'), End: true } },
            },
            End: true,
          },
        },
      })
      expect(await ended()).toMatchObject({ status: 'FAILED' })
      isBroken = false
      service.redriveExecution(EXECUTION_ARN)
      expect(await ended()).toMatchObject({ status: 'SUCCEEDED', output: [1, 2] })
      expect(calls).toEqual([1, 2, 2])
    }
  })

  it('continues executions that were stopped or timed out', async () => {
    const { service, ended, start } = makeEngine()
    start({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 50, End: true } } })
    service.stopExecution(EXECUTION_ARN, 'Why', 'not')
    expect(await ended()).toMatchObject({ status: 'ABORTED', error: 'Why', cause: 'not' })
    service.redriveExecution(EXECUTION_ARN)
    const { status, events } = await ended()
    expect(status).toBe('SUCCEEDED')
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'ExecutionAborted',
      'ExecutionRedriven',
      'WaitStateExited',
      'ExecutionSucceeded',
    ])
    expect(detailsOf(events[3] as never)).toEqual({ redriveCount: 1 })
  })

  it('repeats a successful call whose state failed afterwards (failable/T5)', async () => {
    const calls: string[] = []
    const { start, ended, service } = makeEngine({
      invoke: async (name) => {
        calls.push(name)
        return calls.length < 3 ? {} : { x: 'there' }
      },
    })
    const pick = '{% $states.result.Payload.x %}'
    start({
      StartAt: 'all',
      States: {
        all: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'ok', States: { ok: { ...invokeTask('ok'), End: true } } },
            { StartAt: 'picky', States: { picky: { ...invokeTask('picky', { Output: pick }), End: true } } },
          ],
          End: true,
        },
      },
    })
    expect(await ended()).toMatchObject({ error: 'States.QueryEvaluationError' })
    service.redriveExecution(EXECUTION_ARN)
    expect(await ended()).toMatchObject({ status: 'SUCCEEDED', output: [{}, 'there'] })
    expect(calls).toEqual(['ok', 'picky', 'picky'])
  })

  it('gives a Parallel its retries anew (failable/T5)', async () => {
    let tries = 0
    const { start, ended, service } = makeEngine({
      invoke: async () => {
        tries += 1
        throw new StateError('Mine', '')
      },
    })
    start({
      StartAt: 'all',
      States: {
        all: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'T', States: { T: { ...invokeTask('f'), End: true } } }],
          Retry: [{ ErrorEquals: ['Mine'], MaxAttempts: 2 }],
          End: true,
        },
      },
    })
    await ended()
    expect(tries).toBe(3)
    service.redriveExecution(EXECUTION_ARN)
    await ended()
    expect(tries).toBe(6)
  })

  it('is refused for executions that run or have succeeded', async () => {
    const { service, ended, start } = makeEngine()
    start({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 50, End: true } } })
    expect(() => service.redriveExecution(EXECUTION_ARN)).toThrow(/is RUNNING and cannot be redriven/)
    await ended()
    expect(() => service.redriveExecution(EXECUTION_ARN)).toThrow(/is SUCCEEDED and cannot be redriven/)
  })
})
