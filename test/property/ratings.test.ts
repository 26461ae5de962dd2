import fc from 'fast-check'
import { expect, it } from 'vitest'
import { rateStep } from '../../shared/app/tasks/rate-step.ts'
import { runStep } from '../../shared/host/run-step.ts'
import { epochsAt, sumsAt } from '../../shared/selector/decayed-counters.ts'
import { hostInMemory } from '../support/agents/host-in-memory.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { workingAgent } from '../support/agents/working-agent.ts'
import { CALLER } from '../support/stores/callers.ts'
import { seedTask } from '../support/stores/seed-task.ts'

const score = fc.double({ min: 0, max: 1, noNaN: true })
/** Ratings of several steps, in groups that are written at once, each after so many seconds. */
const writes = fc.array(
  fc.record({
    ratings: fc.array(fc.record({ step: fc.nat(2), score }), { minLength: 1, maxLength: 4 }),
    seconds: fc.integer({ min: 0, max: 4_000 }),
  }),
  { maxLength: 6 },
)

const PATHS = ['a', 'b', 'c']
const subject = { agentId: 'worker', version: '1.0.0', capability: 'work.do' }

async function worldOf(qualities: readonly (number | undefined)[]) {
  const world = hostInMemory()
  const steps = Object.fromEntries(
    PATHS.map((path, at) => {
      const rule = qualities[at]
      const evaluate = rule === undefined ? {} : { evaluate: { rules: { it: `{% ${rule.toFixed(6)} %}` } } }
      return [path, { capability: 'work.do', ...evaluate }]
    }),
  )
  const taskId = await seedTask(world.ports, { steps, agents: [makeAgent()] })
  for (const path of PATHS) {
    const EnteredTime = '2026-01-01T00:00:00.000Z'
    const payload = { taskId, path, state: { EnteredTime, RetryCount: 0 }, redrives: 0 }
    const invocation = { id: path, remainingMs: () => 60_000 }
    await runStep(world.hosts)(
      workingAgent(async () => 1),
      payload,
      invocation,
    )
  }
  const sums = async () => {
    const at = world.ports.clock.now().getTime() / 1_000
    const [epochs = []] = await world.ports.statistics.find([subject], epochsAt(at))
    return sumsAt(epochs, at)
  }
  return { ...world, taskId, sums }
}

it('counts the latest rating of each step once, in any order of writes (rating/S1)', async () => {
  await fc.assert(
    fc.asyncProperty(
      writes,
      fc.array(fc.option(score, { nil: undefined }), { minLength: 3, maxLength: 3 }),
      async (groups, qualities) => {
        const { ports, clock, taskId, sums } = await worldOf(qualities)
        const before = await sums()
        const rate = rateStep(ports)
        const wait = async (seconds: number) => {
          const slept = clock.sleep(1_000 * seconds, new AbortController().signal)
          await slept
        }
        const began = clock.now()
        for (const { ratings, seconds } of groups) {
          await wait(seconds)
          await Promise.all(
            ratings.map(({ step, score }) =>
              rate({ id: taskId, stepId: PATHS[step] ?? 'a', score, by: 'ana' }, CALLER),
            ),
          )
        }
        const after = await sums()
        const decay = 2 ** (-(clock.now() - began) / 900_000)
        const records = await ports.steps.listSteps(taskId)
        const expected = records.reduce(
          (sum, { rating, evaluation }) => sum + (rating?.score ?? evaluation?.score ?? 1),
          0,
        )
        expect(after.calls).toBe(3)
        expect(after.count).toBeCloseTo(before.count * decay, 4)
        expect(after.quality).toBeCloseTo(expected * decay, 4)
        expect(after.residual).toBeCloseTo(before.residual * decay, 4)
      },
    ),
    { numRuns: 15 },
  )
})
