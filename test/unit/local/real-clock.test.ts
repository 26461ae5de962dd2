import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { realClock } from '../../../local/stepfunctions/run/clock.ts'

const HOUR = 3_600_000
const LOOK = 5_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** The current state of a sleep. */
function sleeping(milliseconds: number, signal?: AbortSignal): () => 'sleeps' | 'over' | Error {
  let state: 'sleeps' | 'over' | Error = 'sleeps'
  realClock.sleep(milliseconds, signal).then(
    () => {
      state = 'over'
    },
    (reason: Error) => {
      state = reason
    },
  )
  return () => state
}

describe('the real clock', () => {
  it.each([0, 1, 999, LOOK, LOOK + 1, 3 * LOOK, HOUR])('sleeps %d ms, and no less', async (milliseconds) => {
    const state = sleeping(milliseconds)
    await vi.advanceTimersByTimeAsync(Math.max(0, milliseconds - 1))
    if (milliseconds > 0) expect(state()).toBe('sleeps')
    await vi.advanceTimersByTimeAsync(2)
    expect(state()).toBe('over')
  })

  it('sleeps longer than setTimeout can, which ends at once where it is told so', async () => {
    const milliseconds = 2 ** 31 + HOUR
    const state = sleeping(milliseconds)
    await vi.advanceTimersByTimeAsync(10 * LOOK)
    expect(state()).toBe('sleeps')
    vi.setSystemTime(Date.now() + milliseconds - 12 * LOOK)
    await vi.advanceTimersByTimeAsync(2 * LOOK - 1)
    expect(state()).toBe('sleeps')
    await vi.advanceTimersByTimeAsync(LOOK)
    expect(state()).toBe('over')
  })

  it('notices soon that the machine has slept beyond the due time', async () => {
    const state = sleeping(HOUR)
    await vi.advanceTimersByTimeAsync(60_000)
    // The laptop sleeps: timers stop while the wall clock continues.
    vi.setSystemTime(Date.now() + HOUR)
    expect(state()).toBe('sleeps')
    await vi.advanceTimersByTimeAsync(LOOK)
    expect(state()).toBe('over')
  })

  it('counts what a sleep of the machine has left', async () => {
    const state = sleeping(HOUR)
    vi.setSystemTime(Date.now() + HOUR / 2)
    await vi.advanceTimersByTimeAsync(HOUR / 2 - LOOK)
    expect(state()).toBe('sleeps')
    await vi.advanceTimersByTimeAsync(2 * LOOK)
    expect(state()).toBe('over')
  })

  it('does not sleep longer for a clock that is set back', async () => {
    const state = sleeping(HOUR)
    vi.setSystemTime(Date.now() - 24 * HOUR)
    await vi.advanceTimersByTimeAsync(HOUR + 1)
    expect(state()).toBe('over')
  })

  it('ends at once with the reason of its signal, at any time', async () => {
    const controller = new AbortController()
    const state = sleeping(HOUR, controller.signal)
    await vi.advanceTimersByTimeAsync(7 * LOOK + 3)
    const reason = new Error('given up')
    controller.abort(reason)
    await vi.advanceTimersByTimeAsync(0)
    expect(state()).toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
  })
})
