import { defineConfig } from 'vitest/config'

/** `npm run test:package`: the package as others install it, in a project that `orchestrator init` has made. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 400_000,
  },
})
