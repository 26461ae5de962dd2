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

/** Sandboxes that answer when they are told to. */
function makeFunction() {
  const opened: { events: SandboxEvents; invoked: string[]; pings: number }[] = []
  const sandboxes = {
    open(_settings: object, _environment: object, events: SandboxEvents) {
      const one = { events, invoked: [] as string[], pings: 0 }
      opened.push(one)
      const send = (message: { kind: string; payload?: string }) => {
        if (message.kind === 'invoke') one.invoked.push(String(message.payload))
        if (message.kind === 'ping') one.pings += 1
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

it('keeps company where the thread is free, and opens no sandboxes without end', async () => {
  const { one, opened } = makeFunction()
  const answers = [one.invoke('a')]
  opened[0]?.events.message({ kind: 'ready' })
  opened[0]?.events.message({ kind: 'pong' })
  vi.advanceTimersByTime(60_000)
  answers.push(one.invoke('b'))
  expect(opened.map(({ invoked, pings }) => ({ invoked, pings }))).toEqual([
    { invoked: ['a', 'b'], pings: 2 },
  ])
  for (let at = 0; at < 50; at++) {
    vi.advanceTimersByTime(1_000)
    answers.push(one.invoke(String(at)))
    for (const { events } of opened) events.message({ kind: 'ready' })
  }
  expect(opened.length).toBeLessThanOrEqual(5)
  await one.stop()
  await Promise.all(answers)
})
