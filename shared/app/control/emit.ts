import { OrchestratorError } from '../../domain/errors.ts'
import { EVENT_TYPE, RIGHT_EVENT_TYPE } from '../../domain/event.ts'
import { customEvent } from '../../domain/events-of-step.ts'
import { shown } from '../../domain/shown.ts'
import type { StepOf } from '../../workflow/schema.ts'
import { textOf } from '../../workflow/text-parts.ts'
import { type Controlled, end } from './controlled.ts'

/** An emitted event; the step ends in `begin`. */
export const emit: Controlled<StepOf<'emit'>> = {
  template: ({ emit: { type, data } }) => ({ type, data }),
  inputIn: (value) => value,

  async begin(owned, { type, data = null }) {
    const { ports, own, record } = owned
    const named = textOf(type)
    if (!EVENT_TYPE.test(named)) {
      const message = `it cannot emit an event of type ${shown(type)}: ${RIGHT_EVENT_TYPE}`
      throw new OrchestratorError('InvalidInputError', message)
    }
    const event = customEvent(owned.plan, own.path, { type: named, data, time: record.startedAt })
    await ports.bus.deliver(event)
    return end(owned, { status: 'succeeded', output: await ports.values.storeValue(own.taskId, data) })
  },

  async end({ own }) {
    throw new OrchestratorError('BugError', `nothing ends "${own.path}": it is done when it has begun`)
  },
}
