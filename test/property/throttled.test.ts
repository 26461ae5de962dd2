import { describe, expect, it } from 'vitest'
import { compileWorkflow } from '../../shared/compiler/index.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import { validWorkflow } from '../support/compiled-workflow.ts'
import { type Behaviour, CAPABILITY, makeWorld } from '../support/workflow-world.ts'

const SECOND = 1_000

/** Every kind of state that calls a function, before, beside and after the time in which none is taken. */
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
    [130, 200],
  ])('go on after %i seconds of it: none of %i fails (Y1)', { timeout: 300_000 }, async (seconds, runs) => {
    const statuses = new Map<string, number>()
    for (let run = 0; run < runs; run++) {
      const random = seededRandom(`throttled ${seconds} ${run}`)
      let from = Number.POSITIVE_INFINITY
      // From the first call on, or while it is under way.
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
  })

  it('uses up no attempt of a step that may have only one (Y2)', async () => {
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

  it('is retried by an entry of its own at every state that invokes a function (Y1, Y2)', () => {
    const tasks = tasksIn(compileWorkflow(WORKFLOW).definition)
    const lambda = tasks.filter(({ Resource }) => Resource?.includes('lambda:invoke'))
    expect(lambda.length).toBeGreaterThan(10)
    for (const { Retry = [] } of lambda) {
      expect(
        Retry.filter(({ ErrorEquals }) => ErrorEquals.includes('Lambda.TooManyRequestsException')),
      ).toEqual([expect.objectContaining({ ErrorEquals: expect.any(Array), JitterStrategy: 'FULL' })])
      const [first] = Retry
      expect(first?.ErrorEquals).toContain('Lambda.TooManyRequestsException')
      expect(first?.MaxAttempts).toBeGreaterThanOrEqual(40)
      expect(first?.MaxDelaySeconds).toBeGreaterThanOrEqual(30)
    }
  })
})

type Task = {
  Resource?: string
  Retry?: { ErrorEquals: string[]; MaxAttempts: number; MaxDelaySeconds?: number }[]
}

function tasksIn(value: unknown): Task[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap(tasksIn)
  return (value as { Type?: string }).Type === 'Task' ? [value as Task, ...inner] : inner
}
