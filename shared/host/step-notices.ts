import type { DomainEvent } from '../domain/event.ts'
import { type HostPorts, platformTimer } from './host-ports.ts'

/** A step that is over by then tells its beginning together with its end, in one call. */
const LINGER_MILLISECONDS = 20

export type StepNotices = {
  /** Tells an event soon. */
  tell(event: DomainEvent): void
  /** Tells what there is left to tell, after all that was told before; resolves when everything is out. */
  finish(events: readonly DomainEvent[]): Promise<void>
}

/** What one invocation tells of its step, in order. */
export function stepNotices({ bus, timer = platformTimer }: Pick<HostPorts, 'bus' | 'timer'>): StepNotices {
  let waiting: DomainEvent[] = []
  let cancel: (() => void) | undefined
  let told: Promise<void> = Promise.resolve()

  const send = (): void => {
    const events = waiting
    waiting = []
    cancel?.()
    cancel = undefined
    // Best effort: the bus reports the events that it has lost, and the timer has no caller that could be told.
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
