import type { DomainEvent } from '../domain/event.ts'

/** Where facts are told. */
export type EventBus = {
  /** Best effort: the records are the truth. */
  publish(events: readonly DomainEvent[]): Promise<void>
  /** Where telling is what was asked for. Throws InvalidInputError for what is too large, UnavailableError when it was not taken. */
  deliver(event: DomainEvent): Promise<void>
}
