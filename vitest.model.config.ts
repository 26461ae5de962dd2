import { defineConfig } from 'vitest/config'

/** `npm run test:model`: a real, small model, which is fetched from the registries of Python and Node where they are at hand; not in CI. */
export default defineConfig({
  test: { include: ['test/model/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000 },
})
