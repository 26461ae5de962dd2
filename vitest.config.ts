import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/runner/longest-first.ts'

// As where functions run: X-Ray's SDK, left to itself, hooks into every promise.
const env = { POWERTOOLS_METRICS_DISABLED: 'true', AWS_XRAY_MANUAL_MODE: 'true' }
const layer = (name: string, more: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], env, ...more },
})

/** One project per layer: `npx vitest run --project unit`. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/runner/synthesize-once.ts'],
    reporters: ['default'],
    sequence: { sequencer: LongestFirst },
    // Most files wait more than they compute: two at a time also on two cores. A third gains little, and what is timed suffers.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      layer('unit'),
      layer('property', { testTimeout: 60_000 }),
      layer('conformance', { testTimeout: 120_000 }),
      layer('contract', { testTimeout: 30_000, hookTimeout: 30_000 }),
      layer('assembly', { testTimeout: 30_000 }),
      layer('integration', { testTimeout: 60_000, hookTimeout: 60_000 }),
    ],
  },
})
