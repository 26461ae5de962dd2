import { defineConfig } from 'vitest/config'

/** `npm run test:emulator`: the stacks, deployed by the CDK's own CLI to an emulator that somebody else wrote. */
export default defineConfig({
  test: {
    include: ['test/emulator/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
})
