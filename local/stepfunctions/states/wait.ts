import type { WaitState } from '../definition/definition.ts'
import { leave } from '../run/leave-state.ts'
import * as places from '../run/places.ts'
import type { Entry, Exit } from '../run/scope.ts'

/** The timestamps that AWS accepts: with an offset. */
const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

/** Waits until the recorded time: a restart does not begin the wait anew. */
export async function runWait(entry: Entry<WaitState>): Promise<Exit> {
  const { surroundings, history } = entry.scope.execution
  const known = history.noteAt<number>(places.waitDue(entry.place))
  const due = known ?? (await dueAt(entry))
  if (known === undefined) history.remember(places.waitDue(entry.place), due)
  const milliseconds = due - surroundings.clock.now()
  if (milliseconds > 0) await surroundings.clock.sleep(milliseconds, entry.scope.signal)
  return leave(entry, entry.input, entry.entered.id)
}

async function dueAt(entry: Entry<WaitState>): Promise<number> {
  const { state, entered } = entry
  if (state.Seconds !== undefined) {
    const seconds = (await entry.evaluate(state.Seconds, 'Seconds', { type: 'number' })) as number
    if (seconds < 0) entry.fail('Seconds', `The Seconds field must not be negative: ${seconds}`)
    return entered.timestamp + seconds * 1_000
  }
  const timestamp = String(await entry.evaluate(state.Timestamp, 'Timestamp'))
  if (ISO_8601.test(timestamp) && !Number.isNaN(Date.parse(timestamp))) return Date.parse(timestamp)
  const detail = `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${timestamp}`
  return entry.fail('Timestamp', detail)
}
