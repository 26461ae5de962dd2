import { DomainEventSchema, EVENT_DATA } from '../../shared/domain/event.ts'
import { fieldTable } from './field-rows.ts'
import { generated, page } from './table.ts'

/** The text of docs/reference/events.md: every event type, grouped by shape. */
export function eventsPage(): string {
  const shapes = [...new Set(Object.values(EVENT_DATA))]
  return page(
    '# Events',
    generated('shared/domain/event.ts'),
    'Every fact goes to the event bus `<prefix>` as an event with the source `orchestrator`, and `GET /tasks/{id}/events` lists those of a task. An event is a CloudEvents 1.0 envelope. The same fact has the same `id`, however often it is told: a consumer that remembers ids hears each once. What a workflow emits has the type `custom.<type>` on the bus.',
    fieldTable(DomainEventSchema.shape),
    '## Data by type',
    ...shapes.flatMap((shape) => {
      const types = Object.entries(EVENT_DATA).filter(([, one]) => one === shape)
      return [types.map(([type]) => `\`${type}\``).join(', '), fieldTable(shape.shape)]
    }),
  )
}
