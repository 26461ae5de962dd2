import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LambdaFunction } from '../../local/lambda/lambda-function.ts'
import { Quarantine } from '../../local/lambda/quarantine.ts'
import { RunningJournal } from '../../local/lambda/running-journal.ts'
import type { SandboxEvents } from '../../local/lambda/sandbox-process.ts'

const settings = {
  name: 'f',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  entry: '',
  handler: '',
  timeoutSeconds: 1_000,
  memoryMb: 128,
  environment: {},
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** Sandboxes that answer when they are told to; pings by themselves where their thread is free. */
function makeFunction({ isFree = () => false }: { isFree?: () => boolean } = {}) {
  const opened: { events: SandboxEvents; invoked: string[]; pings: number }[] = []
  const sandboxes = {
    open(_settings: object, _environment: object, events: SandboxEvents) {
      const one = { events, invoked: [] as string[], pings: 0 }
      opened.push(one)
      const send = (message: { kind: string; payload?: string }) => {
        if (message.kind === 'invoke') one.invoked.push(String(message.payload))
        if (message.kind === 'ping') one.pings += 1
        if (message.kind === 'ping' && isFree()) queueMicrotask(() => events.message({ kind: 'pong' }))
      }
      return { pid: 2 ** 30, send, kill: async () => {} }
    },
    stop() {},
  }
  const journal = RunningJournal.inMemory()
  return { one: new LambdaFunction(settings, { sandboxes, quarantine: new Quarantine(), journal }), opened }
}

it('gives who comes later another sandbox than one whose thread is held (L7)', async () => {
  const { one, opened } = makeFunction()
  const answers = [one.invoke('bomb')]
  opened[0]?.events.message({ kind: 'ready' })
  vi.advanceTimersByTime(600)
  answers.push(one.invoke('neighbour'))
  opened[1]?.events.message({ kind: 'ready' })
  answers.push(one.invoke('another'))
  expect(opened.map(({ invoked }) => invoked)).toEqual([['bomb'], ['neighbour', 'another']])
  // It is through: it is as good as any.
  opened[0]?.events.message({ kind: 'pong' })
  answers.push(one.invoke('later'))
  expect(opened.map(({ invoked }) => invoked)).toEqual([
    ['bomb', 'later'],
    ['neighbour', 'another'],
  ])
  await one.stop()
  await Promise.all(answers)
})

it('sees that a thread is held by what has waited for something first (L7)', async () => {
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

it('keeps company where the thread is free, and opens no sandboxes without end', async () => {
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
