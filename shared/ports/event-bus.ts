import type { DomainEvent } from '../domain/event.ts'

/** Where facts are told. Best effort: the records are the truth. */
export type EventBus = { publish(events: readonly DomainEvent[]): Promise<void> }
