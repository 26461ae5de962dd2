import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { type DomainEvent, EVENT_SOURCE } from '../../../shared/domain/event.ts'
import type { EventBus } from '../../../shared/ports/index.ts'

const MAX_ENTRIES = 10
/** EventBridge allows 256 KB for an entry, including its names. */
const MAX_BYTES = 250_000

import { callAws } from '../aws-errors.ts'

type Bus = { client: EventBridgeClient; busName: string; onLost: (facts: Record<string, unknown>) => void }

/** Events of `emit` steps have the type that the workflow gives; rules match on it. */
const detailTypeOf = ({ type, data }: DomainEvent): string =>
  type === 'custom' ? `custom.${String(data.type)}` : type

/** Best effort: events that cannot be published are reported to `onLost`, and nothing is thrown. */
export function eventbridgeEventBus({ client, busName, onLost }: Bus): EventBus {
  /** Returns the number of rejected entries. */
  async function put(events: readonly DomainEvent[]): Promise<number> {
    const Entries = events.map((event) => ({
      EventBusName: busName,
      Source: EVENT_SOURCE,
      DetailType: detailTypeOf(event),
      Time: new Date(event.time),
      Detail: JSON.stringify(event),
    }))
    return (await client.send(new PutEventsCommand({ Entries }))).FailedEntryCount ?? 0
  }

  async function send(events: readonly DomainEvent[]): Promise<void> {
    try {
      const FailedEntryCount = await put(events)
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

    async deliver(event) {
      const bytes = Buffer.byteLength(JSON.stringify(event))
      if (bytes > MAX_BYTES) {
        const message = `an event of ${bytes} bytes; the bus takes ${MAX_BYTES}: put large data into a file`
        throw new OrchestratorError('InvalidInputError', message)
      }
      if ((await callAws(() => put([event]))) > 0)
        throw new OrchestratorError('UnavailableError', 'the event bus did not take the event')
    },
  }
}
