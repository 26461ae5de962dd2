import type * as z from 'zod'
import type { ListEventsSchema } from '../../contracts/list-requests.ts'
import type { Caller } from '../../domain/caller.ts'
import type { DomainEvent } from '../../domain/event.ts'
import { eventsOfTask } from '../../domain/events-of-task.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports } from '../../ports/index.ts'
import { givenEvent } from '../tenants/given-names.ts'
import { getTask } from './get-task.ts'
import { pageOf } from './page-of.ts'
import { SHOWN } from './steps/records-of-step.ts'

type Needs = Pick<Ports, 'tasks' | 'steps'>

/**
 * A page of what happened to a task, in order. An event may be gone on the next page: that of an end, after a retry. The page then goes on
 * with the events of its time, of which some may have been told before: events are known by their ids.
 */
export const listTaskEvents =
  (ports: Needs) =>
  async (
    { id, type, step, limit, cursor }: z.output<typeof ListEventsSchema>,
    caller: Caller,
  ): Promise<{ events: DomainEvent[]; cursor?: string }> => {
    const task = await getTask(ports, id, caller)
    // The events of a step are made of its own record.
    const records = await (step === undefined
      ? ports.steps.listSteps(task.id, { fields: SHOWN })
      : ports.steps.findSteps(task.id, [step]))
    const events = eventsOfTask(task, records).filter(
      (event) =>
        (type === undefined || event.type === type) && (step === undefined || event.data.path === step),
    )
    const page = await pageOf(events, {
      cursor,
      limit,
      keyOf: ({ time, id: eventId }) => `${time}#${eventId}`,
      show: givenEvent,
      orElse: (gone) => {
        const at = events.findIndex(({ time }) => time >= (gone.split('#')[0] ?? ''))
        return at < 0 ? events.length : at
      },
    })
    return withoutUndefined({ events: page.page, cursor: page.cursor })
  }
