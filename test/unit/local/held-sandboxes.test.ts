import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeFunction } from '../../support/cloud/fake-sandboxes.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

it('gives later invocations another sandbox while a thread is blocked (sandbox/L7)', async () => {
  const { one, opened } = makeFunction()
  const answers = [one.invoke('bomb')]
  opened[0]?.events.message({ kind: 'ready' })
  vi.advanceTimersByTime(600)
  answers.push(one.invoke('neighbour'))
  opened[1]?.events.message({ kind: 'ready' })
  answers.push(one.invoke('another'))
  expect(opened.map(({ invoked }) => invoked)).toEqual([['bomb'], ['neighbour', 'another']])
  // Its event loop is free again, so it may be chosen.
  opened[0]?.events.message({ kind: 'pong' })
  answers.push(one.invoke('later'))
  expect(opened.map(({ invoked }) => invoked)).toEqual([
    ['bomb', 'later'],
    ['neighbour', 'another'],
  ])
  await one.stop()
  await Promise.all(answers)
})

it('detects a thread that is blocked after an asynchronous wait (sandbox/L7)', async () => {
  let isFree = true
  const { one, opened } = makeFunction({ isFree: () => isFree })
  const answers = [one.invoke('bomb')]
  opened[0]?.events.message({ kind: 'ready' })
  await vi.advanceTimersByTimeAsync(10_000)
  isFree = false
  await vi.advanceTimersByTimeAsync(1_100)
  answers.push(one.invoke('neighbour'))
  expect(opened).toHaveLength(2)
  await one.stop()
  await Promise.all(answers)
})

it('shares a sandbox whose thread is free, and opens a bounded number of sandboxes', async () => {
  let isFree = true
  const { one, opened } = makeFunction({ isFree: () => isFree })
  const answers = [one.invoke('a')]
  opened[0]?.events.message({ kind: 'ready' })
  await vi.advanceTimersByTimeAsync(60_000)
  answers.push(one.invoke('b'))
  expect(opened.map(({ invoked }) => invoked)).toEqual([['a', 'b']])
  isFree = false
  for (let at = 0; at < 50; at++) {
    vi.advanceTimersByTime(1_000)
    answers.push(one.invoke(String(at)))
    for (const { events } of opened) events.message({ kind: 'ready' })
  }
  expect(opened.length).toBeLessThanOrEqual(5)
  await one.stop()
  await Promise.all(answers)
})
