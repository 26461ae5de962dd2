import { defineConfig } from 'vitest/config'

/** `npm run test:account`: the scenarios in a real account, by `ORCHESTRATOR_URL` and AWS credentials. */
export default defineConfig({
  test: { include: ['test/account/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 60_000 },
})
