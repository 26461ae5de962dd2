import { VirtualClock } from '../../../local/stepfunctions/run/clock.ts'
import type { DomainEvent } from '../../../shared/domain/event.ts'
import type { Timer } from '../../../shared/domain/timer.ts'
import type { HostPorts } from '../../../shared/host/host-ports.ts'
import type { Ports } from '../../../shared/ports/index.ts'
import { memoryPorts } from '../../../testing/memory/ports.ts'

/** The ports of a host on in-memory tables and virtual time; calls to other ports are recorded. */
export function hostInMemory({ quotasOf }: { quotasOf?: Ports['quotas']['quotasOf'] } = {}) {
  const clock = new VirtualClock()
  const events: DomainEvent[] = []
  const woken: string[] = []
  const log: [string, Record<string, unknown>][] = []
  const measured: [string, Record<string, string>, number][] = []
  const { ports } = memoryPorts({
    clock: { now: () => new Date(clock.now()) },
    seed: 'host',
    ...(quotasOf ? { quotasOf } : {}),
    bus: {
      publish: async (told) => void events.push(...told),
      deliver: async (event) => void events.push(event),
    },
    executions: {
      start: async ({ name }) => name,
      find: async () => undefined,
      wake: async (token) => void woken.push(token),
      beat: async () => {},
      stop: async () => {},
    },
    machines: {
      arnOf: (name) => `arn:aws:states:us-east-1:1:stateMachine:${name}`,
      ensure: async ({ name }) => `arn:aws:states:us-east-1:1:stateMachine:${name}`,
      publish: async (arn) => `${arn}:1`,
      remove: async () => true,
    },
  })
  const say = (message: string, facts: Record<string, unknown>) => void log.push([message, facts])
  const hosts: HostPorts = {
    ...ports,
    log: { info: say, warn: say },
    measure: (name, dimensions, value) => void measured.push([name, dimensions, value]),
    timer: timerOf(clock),
  }
  return { ports, hosts, clock, events, woken, log, measured }
}

/** Timers in virtual time. */
const timerOf =
  (clock: VirtualClock): Timer =>
  (milliseconds, act) => {
    const cancelled = new AbortController()
    clock.sleep(milliseconds, cancelled.signal).then(act, () => {})
    return () => cancelled.abort()
  }

/** The same ports, recording the name of each call in order. */
export function noting<P extends Partial<Ports>>(ports: P, calls: string[]): P {
  return Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [name, isObject(port) ? notingMethods(port, calls) : port]),
  ) as P
}

const notingMethods = (port: object, calls: string[]): object =>
  Object.fromEntries(
    Object.entries(port).map(([name, method]) => [
      name,
      typeof method === 'function' ? noted(name, method as Method, calls) : method,
    ]),
  )

type Method = (...args: unknown[]) => unknown
const noted =
  (name: string, method: Method, calls: string[]): Method =>
  (...args) => {
    calls.push(name)
    return method(...args)
  }

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
