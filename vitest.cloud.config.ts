import { defineConfig } from 'vitest/config'
import { env, SHARED } from './vitest.config.ts'

/** `npm run test:cloud`: files that start a local cloud, or synthesize an app, of their own. */
export default defineConfig({
  test: {
    ...SHARED,
    include: ['test/cloud/**/*.test.ts'],
    env,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
