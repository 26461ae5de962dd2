import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { type DomainEvent, EVENT_SOURCE } from '../../shared/domain/event.ts'
import type { EventBus } from '../../shared/ports/index.ts'

const MAX_ENTRIES = 10

type Bus = { client: EventBridgeClient; busName: string; onLost: (facts: Record<string, unknown>) => void }

/** What a workflow emits is routed by the type that it gives. */
const detailTypeOf = ({ type, data }: DomainEvent): string =>
  type === 'custom' ? `custom.${String(data.type)}` : type

/** Best effort by contract: what cannot be told is reported to `onLost`, and the caller goes on. */
export function eventbridgeEventBus({ client, busName, onLost }: Bus): EventBus {
  async function send(events: readonly DomainEvent[]): Promise<void> {
    try {
      const Entries = events.map((event) => ({
        EventBusName: busName,
        Source: EVENT_SOURCE,
        DetailType: detailTypeOf(event),
        Time: new Date(event.time),
        Detail: JSON.stringify(event),
      }))
      const { FailedEntryCount = 0 } = await client.send(new PutEventsCommand({ Entries }))
      if (FailedEntryCount > 0) onLost({ failedEntries: FailedEntryCount })
    } catch (error) {
      onLost({ eventIds: events.map(({ id }) => id), error: String(error) })
    }
  }

  return {
    async publish(events) {
      for (let start = 0; start < events.length; start += MAX_ENTRIES) {
        await send(events.slice(start, start + MAX_ENTRIES))
      }
    },
  }
}
