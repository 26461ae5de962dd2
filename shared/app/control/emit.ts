import { OrchestratorError } from '../../domain/errors.ts'
import { customEvent } from '../../domain/event.ts'
import type { StepOf } from '../../workflow/schema.ts'
import { type Controlled, end } from './controlled.ts'

/** An emitted event; the step ends in `begin`. */
export const emit: Controlled<StepOf<'emit'>> = {
  template: ({ emit: { type, data } }) => ({ type, data }),

  async begin(owned, { type, data = null }) {
    const { ports, own, record } = owned
    const event = customEvent(own.taskId, own.path, { type: String(type), data, time: record.startedAt })
    await ports.bus.deliver(event)
    return end(owned, { status: 'succeeded', output: await ports.values.storeValue(own.taskId, data) })
  },

  async end({ own }) {
    throw new OrchestratorError('BugError', `nothing ends "${own.path}": it is done when it has begun`)
  },
}
