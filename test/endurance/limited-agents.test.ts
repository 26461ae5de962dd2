import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../shared/domain/random.ts'
import { validWorkflow } from '../support/cloud/compiled-workflow.ts'
import { type Behaviour, CAPABILITY, makeWorld } from '../support/cloud/workflow-world.ts'

/** Step Functions' limit for the history of an execution. */
const MOST_EVENTS = 25_000
const MINUTE = 60_000
const PATIENT = { timeout: 600_000 }

type Limited = { seconds: number; maxConcurrency: number }

/** An agent with a concurrency limit and a fixed duration; counts its concurrent calls. */
function limitedWorld({ seconds, maxConcurrency }: Limited, agents: readonly string[] = ['only']) {
  const behaviour: Behaviour = {
    agents,
    runOf: () => ({ milliseconds: seconds * 1_000, output: 'done' }),
    approvalOf: () => undefined,
    loses: () => false,
  }
  return makeWorld(behaviour, {
    random: seededRandom(`limited ${seconds} ${maxConcurrency}`),
    manifestOf: () => ({
      limits: { timeoutSeconds: 600, memoryMb: 512, maxConcurrency },
      typicalSeconds: seconds,
    }),
  })
}

const fanOut = (items: number, more: object = {}) =>
  validWorkflow({
    name: 'wide',
    steps: {
      each: { capability: CAPABILITY, forEach: `{% [1..${items}] %}`, input: '{% $item %}', ...more },
    },
    output: '{% $count($steps.each) %}',
  })

describe('a fan-out over an agent with a limit', () => {
  it.each([
    { items: 1_000, seconds: 20, maxConcurrency: 2, more: {} },
    { items: 200, seconds: 120, maxConcurrency: 4, more: { maxConcurrency: 40 } },
    { items: 100, seconds: 30, maxConcurrency: 1, more: { maxItems: 100 } },
    { items: 60, seconds: 20, maxConcurrency: 2, more: { maxConcurrency: 60 } },
  ])(
    '$items items of $seconds s, $maxConcurrency at once, as fast as the agent can',
    PATIENT,
    async ({ items, more, ...limits }) => {
      const world = limitedWorld(limits)
      const began = world.clock.now()
      const { task, result } = await world.run(fanOut(items, more), {})
      expect(task.status).toBe('succeeded')
      expect(result).toBe(items)
      const took = (world.clock.now() - began) / 1_000
      const least = (items * limits.seconds) / limits.maxConcurrency
      expect(took).toBeGreaterThanOrEqual(least)
      expect(took).toBeLessThan(1.05 * least + 60)
      expect(Math.max(...world.historyLengths())).toBeLessThan(MOST_EVENTS / 2)
    },
  )

  it('beside other tasks that need the same agent: none starves', PATIENT, async () => {
    const world = limitedWorld({ seconds: 20, maxConcurrency: 2 })
    const ran = await Promise.all([1, 2, 3, 4].map(() => world.run(fanOut(90, { maxConcurrency: 40 }), {})))
    expect(ran.map(({ task }) => task.status)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded'])
    expect(Math.max(...world.historyLengths())).toBeLessThan(MOST_EVENTS)
  })
})

describe('steps side by side that wait for one agent (rebind/B8, rebind/B10)', () => {
  it(
    'a hundred of two minutes, one at a time: a look costs few events, and the agent is hardly ever idle',
    PATIENT,
    async () => {
      const world = limitedWorld({ seconds: 120, maxConcurrency: 1 })
      const steps = Object.fromEntries(
        Array.from({ length: 100 }, (_, at) => [`s${at}`, { capability: CAPABILITY }]),
      )
      const began = world.clock.now()
      const { task } = await world.run(validWorkflow({ name: 'queue', steps }), {})
      expect(task.status).toBe('succeeded')
      expect(Math.max(...world.historyLengths())).toBeLessThan(MOST_EVENTS)
      expect(world.clock.now() - began).toBeLessThan(1.35 * 200 * MINUTE)
    },
  )

  it('two: the second waits about as long as the agent’s call takes, and not twice as long', async () => {
    const world = limitedWorld({ seconds: 40, maxConcurrency: 1 })
    const steps = { one: { capability: CAPABILITY }, two: { capability: CAPABILITY } }
    const began = world.clock.now()
    const { task } = await world.run(validWorkflow({ name: 'pair', steps }), {})
    expect(task.status).toBe('succeeded')
    expect(world.clock.now() - began).toBeLessThan(125_000)
    // The second task is refused, waits, and is refused at most once more.
    expect(Math.max(...world.historyLengths())).toBeLessThan(60)
  })
})
