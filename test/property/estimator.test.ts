import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calibrate } from '../../bench/estimator/calibrate.ts'
import { seededRandom, standardNormal } from '../../shared/domain/random.ts'
import type { Histogram } from '../../shared/domain/statistics.ts'
import { drawFrom } from '../../shared/estimator/draw.ts'
import { childOf, estimate, type Known } from '../../shared/estimator/estimate.ts'
import { criticalPath, makeGraph } from '../../shared/workflow/graph.ts'
import { type Steps, WorkflowSchema } from '../../shared/workflow/schema.ts'
import { graphs } from '../support/random/random-graphs.ts'

const OVERHEAD = 0.05
const stepsOf = (steps: object): Steps => WorkflowSchema.parse({ name: 'w', steps }).steps

/** A behaviour in which every step has a fixed duration, costs a dollar and fails with a fixed probability. */
function always(
  secondsOf: (place: string) => number,
  failures: (place: string) => number[] = () => [0],
): Known {
  return {
    usdOfRun: () => 0,
    itemsAt: () => 6,
    drawsAt: (place) => ({
      agents: failures(place).map((failureShare) => ({
        seconds: () => secondsOf(place),
        usd: () => 1,
        tokens: () => 10,
        usdPerSecond: 0,
        failureShare,
      })),
      basis: 'measured',
    }),
  }
}
const SEED = { seed: 'test', samples: 200 }

describe('an estimate', () => {
  it('counts every item of nested fan-outs over several steps, and runs at most maxConcurrency at once (simulate/E1, simulate/E4)', () => {
    const call = { capability: 'work.do' }
    const inner = {
      forEach: '{% $item %}',
      maxConcurrency: 3,
      steps: { b: call, c: { ...call, needs: ['b'] } },
    }
    const outer = {
      forEach: '{% $input.list %}',
      maxConcurrency: 2,
      steps: { a: call, inner: { ...inner, needs: ['a'] } },
    }
    const told: number[] = []
    const known: Known = { ...always(() => 5), usdOfRun: (records) => 0 * told.push(records) }
    const { seconds, usd, steps } = estimate(stepsOf({ outer }), known, SEED)
    // Six items, two at once: each a call, and six items of two calls, three at once.
    const call5 = 5 + OVERHEAD
    expect(seconds.p50).toBeCloseTo(3 * (call5 + 2 * 2 * call5), 6)
    expect(usd.p50).toBe(6 * (1 + 6 * 2))
    expect(steps.map(({ stepId }) => stepId)).toEqual(['outer'])
    // Counts the fan-out, its items, and in each of them a call, a fan-out, and its items with two calls each.
    expect(told[0]).toBe(1 + 6 * (1 + 2 + 6 * (1 + 2)))
  })

  it.each([
    { judges: [0], atLeast: 0.5, seconds: 2 * (5 + OVERHEAD), usd: 2, successRate: 1 },
    { judges: [1, 0], atLeast: 0.5, seconds: 3 * (5 + OVERHEAD), usd: 3, successRate: 1 },
    { judges: [1], atLeast: undefined, seconds: 2 * (5 + OVERHEAD), usd: 2, successRate: 1 },
    { judges: [1], atLeast: 0.5, seconds: 0, usd: 0, successRate: 0 },
    { judges: [], atLeast: 0.5, seconds: 5 + OVERHEAD, usd: 1, successRate: 1 },
  ])(
    'has the time and the cost of judges that fail by $judges, with atLeast $atLeast (simulate/E6)',
    (one) => {
      const { judges, atLeast, ...told } = one
      const evaluate = { judge: { rubric: 'It is good.' }, ...(atLeast === undefined ? {} : { atLeast }) }
      const steps = stepsOf({ a: { capability: 'work.do', evaluate } })
      const known = always(() => 5)
      const call = known.drawsAt('a', steps.a as Steps[string])
      const [agent] = 'agents' in call ? call.agents : []
      if (!agent) throw new Error('the step has an agent')
      const drawsAt = () => ({
        ...call,
        agents: [agent],
        judges: judges.map((failureShare) => ({ ...agent, failureShare })),
      })
      const { seconds, usd, successRate } = estimate(steps, { ...known, drawsAt }, SEED)
      expect(seconds.p50).toBeCloseTo(told.seconds, 6)
      expect({ usd: usd.p50, successRate }).toEqual({ usd: told.usd, successRate: told.successRate })
    },
  )

  it('counts a task for each item of a fan-out over children', () => {
    const steps = stepsOf({ each: { workflow: 'other', forEach: '{% [1] %}', maxConcurrency: 6 } })
    const told: number[] = []
    const child: Known['drawsAt'] = () => ({
      child: (_random, run) => {
        run.seconds += 7
        run.tasks += 1
      },
      basis: 'measured',
    })
    const known = {
      ...always(() => 1),
      drawsAt: child,
      usdOfRun: (_steps: number, tasks: number) => 0 * told.push(tasks),
    }
    expect(estimate(steps, known, SEED).seconds.p50).toBe(7)
    expect(told[0]).toBe(7)
  })

  it('is computed in bounded time for fan-outs nested to the greatest depth, and counts every item (simulate/E4, simulate/E5)', () => {
    const nest = (depth: number): object =>
      depth === 0
        ? { capability: 'work.do' }
        : { forEach: '{% $input.list %}', maxConcurrency: 3, steps: { inner: nest(depth - 1) } }
    let draws = 0
    const known: Known = {
      ...always(() => {
        draws += 1
        return 1
      }),
      itemsAt: () => 10,
    }
    const { usd, seconds } = estimate(stepsOf({ outer: nest(8), other: nest(8) }), known, SEED)
    expect(draws).toBeLessThan(5_000_000)
    expect(usd.p50).toBe(2 * 10 ** 8)
    // Ten items, three at once, take four rounds.
    expect(seconds.p50).toBeCloseTo(4 ** 8 * (1 + OVERHEAD), 3)
  })

  it('counts all tasks of workflows that call others, without simulating the product of their calls (simulate/E4)', () => {
    let draws = 0
    const leaf: Known = always(() => {
      draws += 1
      return 1
    })
    const calls = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`s${at}`, { workflow: 'other' }]))
    let known = leaf
    let inner = stepsOf({ a: { capability: 'work.do' } })
    for (let depth = 0; depth < 4; depth++) {
      const child = childOf(inner, known)
      known = { ...leaf, drawsAt: () => ({ child, basis: 'measured' }) }
      inner = stepsOf(calls)
    }
    const told: number[] = []
    const counting: Known = { ...known, usdOfRun: (_steps, tasks) => 0 * told.push(tasks) }
    const { seconds, usd } = estimate(inner, counting, SEED)
    expect({ seconds: seconds.p50, usd: usd.p50 }).toEqual({ seconds: 1 + OVERHEAD, usd: 20 ** 4 })
    expect(told[0]).toBe(1 + 20 + 20 ** 2 + 20 ** 3 + 20 ** 4)
    expect(draws).toBeLessThan(10_000)
  })

  it('is the longest path when the durations of all steps are constant, in any graph (simulate/E1)', () => {
    fc.assert(
      fc.property(
        graphs(14),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 14, maxLength: 14 }),
        (graph, times) => {
          const ids = [...graph.keys()]
          const secondsOf = (id: string): number => times[ids.indexOf(id)] ?? 1
          const steps = stepsOf(
            Object.fromEntries(
              [...graph].map(([id, needs]) => [id, { capability: 'work.do', needs: [...needs] }]),
            ),
          )
          const told = estimate(steps, always(secondsOf), SEED)
          const { length, path } = criticalPath(makeGraph([...graph]), (id) => secondsOf(id) + OVERHEAD)
          expect(told.seconds.p50).toBeCloseTo(length, 6)
          expect(told.seconds.p99).toBeCloseTo(length, 6)
          expect(told.usd).toEqual({ p50: ids.length, p90: ids.length })
          const lengthOf = (steps: string[]) => steps.reduce((sum, id) => sum + secondsOf(id) + OVERHEAD, 0)
          expect(lengthOf(told.criticalPath)).toBeCloseTo(lengthOf(path), 6)
        },
      ),
    )
  })

  it('simulates failover to the next agent, and each failure policy (simulate/E2)', () => {
    const steps = stepsOf({
      a: { capability: 'work.do' },
      soft: { capability: 'work.do', onFailure: 'continue' },
      after: { capability: 'work.do', needs: ['soft'] },
      value: { capability: 'work.do', onFailure: { output: 1 } },
      then: { capability: 'work.do', needs: ['value'] },
    })
    const told = estimate(
      steps,
      always(
        () => 1,
        (place) => (place === 'a' ? [1, 0] : place === 'soft' || place === 'value' ? [1] : [0]),
      ),
      SEED,
    )
    // `a` runs twice; `soft` fails and yields nothing; `value` runs, then its dependant.
    expect(told).toMatchObject({ successRate: 1, usd: { p50: 5 }, seconds: { p50: 2 + 2 * OVERHEAD } })
    const hopeless = estimate(
      steps,
      always(
        () => 1,
        () => [1],
      ),
      SEED,
    )
    expect(hopeless.successRate).toBe(0)
  })

  it('simulates the concurrency of fan-outs, and the rounds of loops', () => {
    const fanOut = stepsOf({ each: { capability: 'work.do', forEach: '{% $input %}', maxConcurrency: 2 } })
    const three = estimate(
      fanOut,
      always(() => 1),
      SEED,
    )
    expect(three.seconds.p50).toBeCloseTo(3 * (1 + OVERHEAD), 6)
    expect(three.usd.p50).toBe(6)
    const loop = stepsOf({
      again: {
        repeat: { steps: { one: { capability: 'work.do' } }, until: '{% false %}', maxIterations: 3 },
      },
    })
    const told = estimate(
      loop,
      always(() => 1),
      { seed: 'loop', samples: 4_000 },
    )
    expect(told.seconds.p99).toBeCloseTo(3 * (1 + OVERHEAD), 6)
    // Half of the runs take one round, a quarter two, the rest three.
    expect(told.usd).toEqual({ p50: expect.any(Number), p90: 3 })
  })

  it('is the same for the same seed (simulate/E3)', () => {
    const random = seededRandom('h')
    const histogram: Histogram = Array.from({ length: 20 }, (_, at) => ({
      bound: 10 ** (at / 10),
      weight: random(),
    }))
    const known: Known = {
      ...always(() => 1),
      drawsAt: () => ({
        agents: [
          {
            seconds: drawFrom(histogram) ?? (() => 0),
            usd: () => 0,
            tokens: () => 0,
            usdPerSecond: 1,
            failureShare: 0.1,
          },
        ],
        basis: 'measured',
      }),
    }
    const steps = stepsOf({ a: { capability: 'work.do' }, b: { capability: 'work.do', needs: ['a'] } })
    expect(estimate(steps, known, SEED)).toEqual(estimate(steps, known, SEED))
    expect(estimate(steps, known, { ...SEED, seed: 'other' })).not.toEqual(estimate(steps, known, SEED))
  })

  it('draws from the buckets of a histogram in proportion to their weights', () => {
    const random = seededRandom('draws')
    const values = Array.from({ length: 20_000 }, () => 5 * Math.exp(0.6 * standardNormal(random)))
    const weights = new Map<number, number>()
    for (const value of values) {
      const bound = 10 ** (Math.ceil(10 * Math.log10(value)) / 10)
      weights.set(bound, 1 + (weights.get(bound) ?? 0))
    }
    const histogram = [...weights].sort(([a], [b]) => a - b).map(([bound, weight]) => ({ bound, weight }))
    const draw = drawFrom(histogram) ?? (() => 0)
    const drawn = Array.from({ length: 20_000 }, () => draw(random)).sort((a, b) => a - b)
    values.sort((a, b) => a - b)
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      const [told = 0, exact = 0] = [drawn[share * 20_000], values[share * 20_000]]
      expect(Math.abs(told / exact - 1)).toBeLessThan(0.04)
    }
  })

  it('is calibrated: half of the tasks stay below p50, nine in ten below p90', async () => {
    const { time, cost } = await calibrate({ plans: 60, tasks: 25 })
    for (const share of [time.underP50, cost.underP50]) expect(Math.abs(share - 0.5)).toBeLessThan(0.08)
    for (const share of [time.underP90, cost.underP90]) expect(Math.abs(share - 0.9)).toBeLessThan(0.06)
  }, 60_000)
})
