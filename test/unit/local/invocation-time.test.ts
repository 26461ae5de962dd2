import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeFunction } from '../../support/cloud/fake-sandboxes.ts'

const TIMEOUT = 1_000_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

it('an invocation has its full time from when its sandbox is loaded (sandbox/L9)', async () => {
  const { one, opened } = makeFunction()
  const answer = one.invoke('slow start')
  vi.advanceTimersByTime(7_500)
  opened[0]?.events.message({ kind: 'ready' })
  expect(opened[0]?.deadlines).toEqual([Date.now() + TIMEOUT])
  vi.advanceTimersByTime(TIMEOUT - 1)
  opened[0]?.answer('"in time"')
  expect(await answer).toEqual({ payload: '"in time"' })
  await one.stop()
})

it('a bundle that never ends to load does not keep its invocation for longer than the timeout', async () => {
  const { one } = makeFunction()
  const answer = one.invoke('never')
  vi.advanceTimersByTime(TIMEOUT)
  expect(await answer).toMatchObject({ functionError: { errorType: 'Sandbox.Timedout' } })
  await one.stop()
})
