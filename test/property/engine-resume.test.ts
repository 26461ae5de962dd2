import { describe, expect, it } from 'vitest'
import type { Integration } from '../../local/stepfunctions/integrations/integration.ts'
import { VirtualClock } from '../../local/stepfunctions/run/clock.ts'
import { detailsOf } from '../../local/stepfunctions/run/history.ts'
import { StateError } from '../../local/stepfunctions/run/state-error.ts'
import type { ExecutionStore } from '../../local/stepfunctions/store/execution-store.ts'
import { memoryStore } from '../../local/stepfunctions/store/memory-store.ts'
import { EXECUTION_ARN, invokeTask, makeEngine } from '../support/cloud/run-definition.ts'

/** The writes of a process in order: stopping after the n-th write simulates a crash at that instant. */
type Write = (store: ExecutionStore) => void
const WRITES = ['putMachine', 'deleteMachine', 'insert', 'end', 'redrive', 'setAnnounced', 'append'] as const

function recordingStore(): { store: ExecutionStore; writes: Write[] } {
  const real = memoryStore()
  const writes: Write[] = []
  const recorded = WRITES.map((name) => [
    name,
    (...given: never[]) => {
      const copy = structuredClone(given)
      writes.push((store) => (store[name] as (...args: never[]) => void)(...structuredClone(copy)))
      return (real[name] as (...args: never[]) => void)(...given)
    },
  ])
  return { store: { ...real, ...Object.fromEntries(recorded) } as ExecutionStore, writes }
}

function storeAfter(writes: readonly Write[]): ExecutionStore {
  const store = memoryStore()
  for (const write of writes) write(store)
  return store
}

/** The external services, which outlive the process: they answer tokens, and count their calls. */
class World {
  readonly tokens: string[] = []
  readonly calls = new Map<string, number>()

  count(name: string): number {
    const count = (this.calls.get(name) ?? 0) + 1
    this.calls.set(name, count)
    return count
  }
}

const flaky = { ErrorEquals: ['Flaky'], IntervalSeconds: 2, MaxAttempts: 5, JitterStrategy: 'FULL' }
const DEFINITION = {
  StartAt: 'first',
  States: {
    first: { Type: 'Pass', Assign: { base: '{% $states.input.n + 1 %}' }, Next: 'side by side' },
    'side by side': {
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'flaky',
          States: {
            flaky: invokeTask('flaky', { Retry: [flaky], Next: 'choose' }),
            choose: {
              Type: 'Choice',
              Choices: [{ Condition: '{% $states.input = 1 %}', Next: 'short' }],
              Default: 'lost',
            },
            short: { Type: 'Wait', Seconds: 30, End: true },
            lost: { Type: 'Fail', Error: 'Lost' },
          },
        },
        {
          StartAt: 'gate',
          States: {
            gate: {
              Type: 'Task',
              Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
              Arguments: { FunctionName: 'gate', Payload: '{% $states.context.Task.Token %}' },
              TimeoutSeconds: 86_400,
              Next: 'after',
            },
            after: { Type: 'Pass', Output: '{% $base %}', End: true },
          },
        },
        {
          StartAt: 'broken',
          States: {
            broken: invokeTask('broken', {
              Catch: [
                { ErrorEquals: ['Broken'], Assign: { caught: true }, Output: 'mended', Next: 'mended' },
              ],
              End: true,
            }),
            mended: { Type: 'Pass', End: true },
          },
        },
      ],
      Next: 'each',
    },
    each: {
      Type: 'Map',
      Items: '{% [1, 2, 3] %}',
      MaxConcurrency: 2,
      ItemProcessor: { StartAt: 'one', States: { one: { ...invokeTask('one'), End: true } } },
      Assign: { each: '{% $states.result %}' },
      Next: 'far',
    },
    far: {
      Type: 'Map',
      Items: '{% $each %}',
      ToleratedFailureCount: 1,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'child',
        States: { child: { ...invokeTask('child'), End: true } },
      },
      Output: '{% {"base": $base, "each": $each, "far": $states.result} %}',
      End: true,
    },
  },
}

/** One process of the engine on a store and external services. */
function life(store: ExecutionStore, world: World, start: number, unlucky = 0) {
  const clock = new VirtualClock(start)
  const invoke = async (name: string, payload: unknown): Promise<unknown> => {
    const count = world.count(`${name} ${JSON.stringify(payload)}`)
    await clock.sleep(700)
    if (name === 'flaky' && count < 3) throw new StateError('Flaky', 'not yet')
    if (name === 'broken') throw new StateError('Broken', 'for good')
    if (name === 'child' && payload === 20) throw new StateError('Child', 'tolerated')
    if (name === 'one' && payload === 3 && world.count('unlucky') <= unlucky)
      throw new StateError('Unlucky', 'for now')
    if (name === 'one' || name === 'child') return Number(payload) * 10
    return 1
  }
  const gate: Integration = async ({ arguments: { Payload } }) => {
    world.tokens.push(String(Payload))
    answerLater(String(Payload))
    return {}
  }
  const engine = makeEngine({
    clock,
    store,
    invoke,
    random: () => 0.5,
    integrations: {
      'lambda:invoke': async (call) => {
        if (call.resource.endsWith('.waitForTaskToken')) return gate(call)
        return { Payload: await invoke(String(call.arguments.FunctionName), call.arguments.Payload) }
      },
    },
  })
  function answerLater(token: string): void {
    void clock.sleep(5_000).then(() => {
      try {
        engine.service.tokens.get(token).settle({ output: {} })
      } catch {
        // The token was answered before, or belongs to a call that was repeated under another token.
      }
    })
  }
  return { ...engine, answerAll: () => world.tokens.forEach(answerLater) }
}

describe('a crash after any write', () => {
  it('changes nothing but time: the execution continues where it was (history/J1, history/J2, call/C2)', {
    timeout: 120_000,
  }, async () => {
    const { store, writes } = recordingStore()
    const whole = life(store, new World(), Date.UTC(2026, 0, 1))
    whole.start(DEFINITION, { n: 4 })
    const expected = await whole.ended()
    expect(expected).toMatchObject({
      status: 'SUCCEEDED',
      output: { base: 5, each: [10, 20, 30], far: [100, { Error: 'Child', Cause: 'tolerated' }, 300] },
    })
    const first = writes.findIndex((_, n) => storeAfter(writes.slice(0, n)).find(EXECUTION_ARN))
    expect(writes.length - first).toBeGreaterThan(80)

    for (let cut = first; cut <= writes.length; cut++) {
      const world = new World()
      // The process that crashes: its writes and calls have happened, but it may not have seen the answers.
      const before = storeAfter(writes.slice(0, cut))
      const past = before.events(EXECUTION_ARN, { from: 0, limit: 1_000, reverse: false })
      world.tokens.push(...tokensIn(before))
      const second = life(before, world, Date.UTC(2026, 0, 1, 0, 10))
      await second.service.resume()
      second.answerAll()
      const { status, output, events, error, cause } = await second.ended()
      expect({ cut, status, output, error, cause }).toEqual({
        cut,
        status: 'SUCCEEDED',
        output: expected.output,
      })
      expect(events.slice(0, past.length)).toEqual(past)
      expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1))
      const left = events.flatMap((event) =>
        event.type.endsWith('StateExited') ? [detailsOf(event).name] : [],
      )
      expect(left.sort()).toEqual(LEFT)
      const succeeded = past.filter(({ type }) => type === 'MapIterationSucceeded').length
      const again = [...world.calls].filter(([call]) => call.startsWith('one')).length
      expect(again).toBeLessThanOrEqual(3 - succeeded)
    }
  })

  it('changes nothing but time in an execution that is redriven either (history/J3, failable/T5)', {
    timeout: 120_000,
  }, async () => {
    const { store, writes } = recordingStore()
    const whole = life(store, new World(), Date.UTC(2026, 0, 1), 2)
    whole.start(DEFINITION, { n: 4 })
    for (let redrives = 0; redrives < 2; redrives++) {
      expect(await whole.ended()).toMatchObject({ status: 'FAILED' })
      whole.service.redriveExecution(EXECUTION_ARN)
    }
    const expected = await whole.ended()
    expect(expected).toMatchObject({ status: 'SUCCEEDED' })
    const first = writes.findIndex((_, n) => storeAfter(writes.slice(0, n)).find(EXECUTION_ARN))

    for (let cut = first; cut <= writes.length; cut++) {
      const before = storeAfter(writes.slice(0, cut))
      const past = before.events(EXECUTION_ARN, { from: 0, limit: 1_000, reverse: false })
      const world = new World()
      world.tokens.push(...tokensIn(before))
      // The number of remaining failures is kept by the external services, not by the engine.
      const second = life(before, world, Date.UTC(2026, 0, 1, 0, 10), 2 - failuresIn(before))
      await second.service.resume()
      second.answerAll()
      let ended = await second.ended()
      for (let redrives = 0; redrives < 3 && ended.status === 'FAILED'; redrives++) {
        second.service.redriveExecution(EXECUTION_ARN)
        ended = await second.ended()
      }
      const { status, output, events } = ended
      expect({ cut, status, output }).toEqual({ cut, status: 'SUCCEEDED', output: expected.output })
      expect(events.slice(0, past.length)).toEqual(past)
      expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1))
      const left = events.flatMap((event) =>
        event.type.endsWith('StateExited') ? [detailsOf(event).name] : [],
      )
      expect(left.sort()).toEqual(LEFT)
    }
  })
})

const LEFT = [
  'after',
  'broken',
  'choose',
  'each',
  'far',
  'first',
  'flaky',
  'gate',
  'mended',
  'one',
  'one',
  'one',
  'short',
  'side by side',
]

/** How often the external services have made the execution fail. */
function failuresIn(store: ExecutionStore): number {
  return store
    .events(EXECUTION_ARN, { from: 0, limit: 1_000, reverse: false })
    .filter((event) => event.type === 'TaskFailed' && detailsOf(event).error === 'Unlucky').length
}

function tokensIn(store: ExecutionStore): string[] {
  return store.journal(EXECUTION_ARN).flatMap(({ event, note }) => {
    return event?.type === 'TaskScheduled' && typeof note === 'string' ? [note] : []
  })
}
