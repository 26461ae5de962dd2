import { defineConfig } from 'vitest/config'
import { env, SHARED } from './vitest.config.ts'

/** `npm run test:end-to-end`: the command line as a person starts it, with a synthesis and a local cloud of its own each time. */
export default defineConfig({
  test: {
    ...SHARED,
    include: ['test/end-to-end/**/*.test.ts'],
    env,
    // Up to three syntheses in one test: 20 s on two idle processors.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
