import { describe, expect, it } from 'vitest'
import { LONGEST_BUSY_SECONDS } from '../../shared/app/steps/busy-waits.ts'
import { compileWorkflow } from '../../shared/compiler/index.ts'
import { PATIENT, rebindRetry } from '../../shared/compiler/retries.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import { validWorkflow } from '../support/cloud/compiled-workflow.ts'
import { type Behaviour, CAPABILITY, makeWorld } from '../support/cloud/workflow-world.ts'

/** A number that fits `npm test`; 200 for longer runs. */
const RUNS = Number(process.env.ORCHESTRATOR_THROTTLED ?? 30)
const SECOND = 1_000
const THROTTLED = 'Lambda.TooManyRequestsException'

/** Every kind of state that calls a function, before, during and after the time in which all calls are throttled. */
const WORKFLOW = validWorkflow({
  name: 'throttled',
  steps: {
    first: { capability: CAPABILITY, input: 1 },
    late: { capability: CAPABILITY, bind: 'late', input: 2 },
    pause: { wait: { seconds: 5 }, needs: ['first'] },
    each: { capability: CAPABILITY, forEach: '{% [1..5] %}', input: '{% $item %}', needs: ['late'] },
    round: {
      needs: ['pause'],
      repeat: {
        steps: { again: { capability: CAPABILITY } },
        until: '{% $iteration = 2 %}',
        maxIterations: 2,
      },
    },
    tell: { emit: { type: 'done' }, needs: ['each', 'round'] },
  },
})

const behaviour: Behaviour = {
  agents: ['one', 'two'],
  runOf: () => ({ milliseconds: 3_000, output: 'done' }),
  approvalOf: () => undefined,
  loses: () => false,
}

describe('tasks while Lambda throttles every call', () => {
  it.each([
    [60, 20],
    [90, 20],
    [130, RUNS],
  ])(
    'go on after %i seconds of it: none of %i fails (throttling/Y1)',
    { timeout: 300_000 },
    async (seconds, runs) => {
      const statuses = new Map<string, number>()
      for (let run = 0; run < runs; run++) {
        const random = seededRandom(`throttled ${seconds} ${run}`)
        let from = Number.POSITIVE_INFINITY
        // Throttling starts with the first call, or while it is in progress.
        const offset = (run % 20) * SECOND
        const throttles = (_name: string, now: number): boolean => {
          if (from === Number.POSITIVE_INFINITY) from = now + offset
          return now >= from && now < from + seconds * SECOND
        }
        const world = makeWorld(behaviour, { throttles, random })
        const { task } = await world.run(WORKFLOW, {})
        statuses.set(task.status, 1 + (statuses.get(task.status) ?? 0))
      }
      expect(Object.fromEntries(statuses)).toEqual({ succeeded: runs })
    },
  )

  it('uses up no attempt of a step with a single one (throttling/Y2)', async () => {
    const steps = { only: { capability: CAPABILITY, retry: { maxAttempts: 1 } } }
    let calls = 0
    const throttles = (): boolean => ++calls <= 12
    const { task, steps: ran } = await makeWorld(behaviour, { throttles }).run(
      validWorkflow({ name: 'w', steps }),
      {},
    )
    expect(task.status).toBe('succeeded')
    expect(ran.get('only')?.attempts).toEqual([])
  })

  it('is retried by a Retry rule of its own at every state that invokes a function (throttling/Y1, throttling/Y2)', () => {
    const lambda = tasksIn(compileWorkflow(WORKFLOW).definition).filter(({ Resource }) =>
      Resource?.includes('lambda:invoke'),
    )
    expect(lambda.length).toBeGreaterThan(10)
    for (const { Retry = [], Arguments } of lambda) {
      const isRebind = Arguments?.FunctionName?.includes('Rebind') === true
      const entries = Retry.filter(({ ErrorEquals }) => ErrorEquals.includes(THROTTLED))
      expect(entries).toEqual([Retry[0]])
      expect(entries[0]).toMatchObject({
        ErrorEquals: isRebind ? [THROTTLED, 'AgentBusyError'] : [THROTTLED],
        JitterStrategy: 'FULL',
      })
      expect(entries[0]?.MaxAttempts).toBeGreaterThanOrEqual(40)
      expect(entries[0]?.MaxDelaySeconds).toBeGreaterThanOrEqual(30)
    }
  })

  it('leaves the rebinder enough retries for the longest wait (throttling/Y2, throttling/Y3)', () => {
    const [entry] = rebindRetry()
    const { MaxAttempts = 0, IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = 0 } = entry ?? {}
    expect(entry?.ErrorEquals).toContain(THROTTLED)
    let seconds = 0
    // With full jitter each wait is half of its maximum on average. The shortest waits are counted.
    for (let look = 0; look < MaxAttempts - PATIENT.MaxAttempts; look++)
      seconds += Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** look) / 2
    expect(seconds).toBeGreaterThan(LONGEST_BUSY_SECONDS)
  })
})

type Task = {
  Resource?: string
  Arguments?: { FunctionName?: string }
  Retry?: { ErrorEquals: string[]; MaxAttempts: number; MaxDelaySeconds?: number }[]
}

function tasksIn(value: unknown): Task[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap(tasksIn)
  return (value as { Type?: string }).Type === 'Task' ? [value as Task, ...inner] : inner
}
