import { defineConfig } from 'vitest/config'

/** `npm run test:api`: the API against its own description, by programs that somebody else wrote. */
export default defineConfig({
  test: {
    include: ['test/fuzz/**/*.test.ts'],
    globalSetup: ['test/support/runner/synthesize-once.ts'],
    testTimeout: 400_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
})
