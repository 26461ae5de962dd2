/** The production selector on real outcomes, in the simulated worlds of `npm run bench:selection`, with fewer seeds. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readOutcomes } from '../../bench/selection/outcomes.ts'
import { makePolicy } from '../../bench/selection/policies.ts'
import { runPolicy } from '../../bench/selection/run-policy.ts'
import { makeWorld, type Scenario } from '../../bench/selection/world.ts'

/** Real outcomes, kept outside the repository because of their size. */
const FILE =
  process.env.ORCHESTRATOR_OUTCOMES ?? join(import.meta.dirname, '../../../shared/routing/outcomes.json')
if (!existsSync(FILE))
  console.warn(`SKIPPED: no real outcomes in ${FILE}; set ORCHESTRATOR_OUTCOMES to their file`)

const SEEDS = [1, 2, 3, 4, 5, 6]
const REQUESTS = 3_000

describe.skipIf(!existsSync(FILE))('the choice of agents', () => {
  it.each<[Scenario, number]>([
    ['stationary', 0.05],
    ['outage', 0.075],
    ['drift', 0.065],
  ])('comes near to whoever knows everything, and nearer than others do: %s', (scenario, most) => {
    const outcomes = readOutcomes(FILE)
    const worlds = SEEDS.map((seed) => {
      const world = makeWorld(outcomes, scenario, REQUESTS, seed)
      const rewardOf = (name: string): number => runPolicy(world, makePolicy(name, world, seed))
      return { rewardOf, most: rewardOf('oracle') }
    })
    const regretOf = (policy: string): number => {
      const regrets = worlds.map(({ rewardOf, most }) => most - rewardOf(policy))
      return regrets.reduce((sum, one) => sum + one, 0) / regrets.length
    }
    const ours = regretOf('orchestrator')
    expect(ours).toBeLessThan(most)
    for (const other of ['greedy', 'epsilon greedy', 'Thompson', 'weighted score'])
      expect(regretOf(other)).toBeGreaterThan(ours)
  })
})
