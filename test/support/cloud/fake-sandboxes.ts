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
  type Opened = {
    events: SandboxEvents
    invoked: string[]
    /** The deadline of each invocation, in milliseconds since 1970. */
    deadlines: number[]
    pings: number
    /** Answers the invocation that came last. */
    answer(payload: string): void
  }
  const opened: Opened[] = []
  const sandboxes = {
    open(_settings: object, _environment: object, events: SandboxEvents) {
      let last = ''
      const answer = (payload: string): void => events.message({ kind: 'result', id: last, payload })
      const one: Opened = { events, invoked: [], deadlines: [], pings: 0, answer }
      opened.push(one)
      const send = (message: { kind: string; id?: string | number; payload?: string; deadline?: number }) => {
        if (message.kind === 'invoke') last = String(message.id)
        if (message.kind === 'invoke') one.invoked.push(String(message.payload))
        if (message.deadline !== undefined) one.deadlines.push(message.deadline)
        if (message.kind === 'ping') one.pings += 1
        if (message.kind === 'ping' && isFree()) queueMicrotask(() => events.message({ kind: 'pong' }))
      }
      return { pid: 2 ** 30, send, kill: async () => {} }
    },
    stop() {},
  }
  return { one: new LambdaFunction(settings, { sandboxes, quarantine: new Quarantine(), journal }), opened }
}
