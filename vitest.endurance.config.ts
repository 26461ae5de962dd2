import { defineConfig } from 'vitest/config'
import { env, SHARED } from './vitest.config.ts'

/** `npm run test:endurance`: kills, bombs, crowds, and every order of many writers; minutes of computing. */
export default defineConfig({
  test: {
    ...SHARED,
    include: ['test/endurance/**/*.test.ts'],
    env,
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
})
