import { LambdaFunction } from '../../../local/lambda/lambda-function.ts'
import { Quarantine } from '../../../local/lambda/quarantine.ts'
import { RunningJournal } from '../../../local/lambda/running-journal.ts'
import type { SandboxEvents } from '../../../local/lambda/sandbox/sandbox-process.ts'

const settings = {
  name: 'f',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  entry: '',
  handler: '',
  timeoutSeconds: 1_000,
  memoryMb: 128,
  environment: {},
}

/** A function with simulated sandboxes that answer on command; pings are answered at once unless the event loop is blocked. */
export function makeFunction({
  isFree = () => false,
  journal = RunningJournal.inMemory(),
}: {
  isFree?: () => boolean
  journal?: RunningJournal
} = {}) {
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
  return { one: new LambdaFunction(settings, { sandboxes, quarantine: new Quarantine(), journal }), opened }
}
