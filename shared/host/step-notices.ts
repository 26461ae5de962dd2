import type { DomainEvent } from '../domain/event.ts'
import { platformTimer } from '../domain/timer.ts'
import type { HostPorts } from './host-ports.ts'

/** Delay of the start event: a step that ends within it publishes start and end in one call. */
const LINGER_MILLISECONDS = 20

export type StepNotices = {
  /** Publishes an event after a short delay, together with others. */
  tell(event: DomainEvent): void
  /** Publishes the remaining events, after all earlier ones; resolves when all are published. */
  finish(events: readonly DomainEvent[]): Promise<void>
}

/** Publishes the events of one invocation in order, batched. */
export function stepNotices({ bus, timer = platformTimer }: Pick<HostPorts, 'bus' | 'timer'>): StepNotices {
  let waiting: DomainEvent[] = []
  let cancel: (() => void) | undefined
  let told: Promise<void> = Promise.resolve()

  const send = (): void => {
    const events = waiting
    waiting = []
    cancel?.()
    cancel = undefined
    // Best effort: the bus itself reports lost events, and no caller could handle the error.
    if (events.length > 0) told = told.then(() => bus.publish(events)).catch(() => {})
  }

  return {
    tell(event) {
      waiting.push(event)
      cancel ??= timer(LINGER_MILLISECONDS, send)
    },
    async finish(events) {
      waiting.push(...events)
      send()
      await told
    },
  }
}
