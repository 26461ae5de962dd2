import type { Entry, EventsService } from '../../events/service.ts'
import { StateError } from '../run/state-error.ts'
import { type Authorize, callService } from './authorize.ts'
import type { Integrations } from './integration.ts'

type Given = Omit<Entry, 'Detail'> & { Detail?: unknown }

/** `events:putEvents`: details may be values; the execution's ARN is added to the resources; one refused entry fails the task. */
export function putEventsIntegration(
  events: EventsService,
  busArn: (name: string) => string,
  authorize: Authorize,
): Integrations {
  return {
    'events:putEvents': async ({ roleArn, executionArn, arguments: { Entries = [] } }) => {
      const entries = Entries as Given[]
      const answer = await callService('EventBridge', () => {
        for (const { EventBusName = 'default' } of entries) {
          authorize(roleArn, 'events:PutEvents', busArn(EventBusName.split('/').at(-1) ?? ''))
        }
        return events.putEvents(entries.map((entry) => asEntry(entry, executionArn)))
      })
      if (answer.FailedEntryCount === 0) return answer
      throw new StateError('EventBridge.FailedEntry', JSON.stringify(answer))
    },
  }
}

function asEntry({ Detail, Resources = [], ...rest }: Given, executionArn: string): Entry {
  const text = typeof Detail === 'string' ? Detail : JSON.stringify(Detail)
  return { ...rest, ...(text === undefined ? {} : { Detail: text }), Resources: [...Resources, executionArn] }
}
