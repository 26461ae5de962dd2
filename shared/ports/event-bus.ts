import type { DomainEvent } from '../domain/event.ts'

/** Publishes domain events. */
export type EventBus = {
  /** Best effort: the records are the source of truth. */
  publish(events: readonly DomainEvent[]): Promise<void>
  /** For events whose delivery is the purpose of a step. Throws InvalidInputError when too large, UnavailableError when not accepted. */
  deliver(event: DomainEvent): Promise<void>
}
