import { afterAll, beforeAll, expect, it } from 'vitest'
import { submitMany } from '../../bench/load/submit-many.ts'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'

let api: LocalApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())

it('loses no task and doubles none when twenty clients submit at once', { timeout: 60_000 }, async () => {
  const report = await submitMany(api, { clients: 20, tasks: 100, warmUp: 1 })
  expect(report).toMatchObject({ requests: 110, lost: 0, doubled: 0, failed: 0 })
})
