import fc from 'fast-check'
import { expect, it } from 'vitest'
import { testWorkflow } from '../../testing/index.ts'

const RUNS = 12

/** What a lone agent is asked does not depend on whether the step has a fallback. */
it('gives an agent that is alone with its capability every call of `retry`, with a fallback or without (admission/T4, rebind/B7)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        items: fc.integer({ min: 1, max: 7 }),
        maxAttempts: fc.integer({ min: 1, max: 4 }),
        failures: fc.integer({ min: 1, max: 5 }),
        together: fc.integer({ min: 1, max: 7 }),
      }),
      async ({ items, maxAttempts, failures, together }) => {
        const run = await testWorkflow(
          {
            name: 'prices',
            steps: {
              price: {
                capability: 'price.find',
                forEach: `{% [1..${items}] %}`,
                maxConcurrency: together,
                retry: { maxAttempts },
                fallback: ['price.guess'],
                input: { n: '{% $item %}' },
              },
            },
          },
          {
            agents: {
              'price.find': { fails: 'AgentRetryableError', times: failures, output: 'real' },
              'price.guess': { output: 'guessed' },
            },
          },
        )
        const isReal = failures < maxAttempts
        expect(run.result).toEqual({
          price: Array.from({ length: items }, () => (isReal ? 'real' : 'guessed')),
        })
        const asked = run.calls.filter(({ capability }) => capability === 'price.find')
        expect(asked).toHaveLength(items * Math.min(failures + 1, maxAttempts))
      },
    ),
    { numRuns: RUNS },
  )
}, 60_000)
