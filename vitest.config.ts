import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/runner/longest-first.ts'

export const env = {
  // As where functions run: X-Ray's SDK, left to itself, hooks into every promise.
  POWERTOOLS_METRICS_DISABLED: 'true',
  AWS_XRAY_MANUAL_MODE: 'true',
  // CloudFormation's validation takes three times as long as the rest of a synthesis; test/cloud/api/stages.test.ts runs it.
  CDK_VALIDATION: 'false',
}

/** What every run of tests on synthesized stacks shares. */
export const SHARED = {
  globalSetup: ['test/support/runner/synthesize-once.ts', 'test/support/runner/temporary-folder.ts'],
  sequence: { sequencer: LongestFirst },
  // Most files wait more than they compute: two at a time also on two cores. A third gains little, and what is timed suffers.
  maxWorkers: Math.max(2, availableParallelism() - 1),
}

const layer = (name: string, more: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], env, ...more },
})
/** Files that share a local cloud (`sharedApi`). */
const ON_SHARED_CLOUD = [
  'api/{cli,cli-audit,cli-evaluate,cli-goals,hostile-requests,scenarios}',
  'control/{controlled-steps,each-item,fan-outs,loops}',
  'engine/test-kit',
  'tasks/{children,computed-children,goals,own-workflows}',
].map((name) => `test/integration/${name}.test.ts`)
/** Files that leave nothing behind in their process share one: each loads the same modules again otherwise. */
const together = { isolate: false, setupFiles: ['test/support/runner/leaves-process-as-found.ts'] }

/** One project per layer: `npx vitest run --project unit`. */
export default defineConfig({
  test: {
    ...SHARED,
    reporters: ['default'],
    projects: [
      // Some compile a thousand steps; what has its own bound says so itself.
      layer('unit', { ...together, testTimeout: 20_000 }),
      layer('examples', { ...together, include: ['examples/**/*.test.ts'] }),
      layer('property', { ...together, testTimeout: 60_000 }),
      layer('conformance', { ...together, testTimeout: 120_000 }),
      layer('contract', { ...together, testTimeout: 30_000, hookTimeout: 30_000 }),
      // The same suites on the tables of the test kit (testing/memory), which must answer as DynamoDB does.
      layer('contract', {
        name: 'contract-in-memory',
        env: { ...env, ORCHESTRATOR_TABLES: 'memory' },
        ...together,
        exclude: ['events', 'execution-store', 'model*'].map((name) => `**/${name}.test.ts`),
        testTimeout: 30_000,
      }),
      layer('assembly', { ...together, testTimeout: 60_000 }),
      layer('integration', { exclude: ON_SHARED_CLOUD, testTimeout: 60_000, hookTimeout: 60_000 }),
      layer('integration', {
        ...together,
        name: 'integration-shared',
        include: ON_SHARED_CLOUD,
        testTimeout: 60_000,
        hookTimeout: 60_000,
      }),
    ],
  },
})
