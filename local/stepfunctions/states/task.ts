import type { TaskState } from '../definition/definition.ts'
import { waitsForToken } from '../integrations/integration.ts'
import { requireFits } from '../query/payload-limit.ts'
import { detailsOf, type Recorded } from '../run/history.ts'
import * as places from '../run/places.ts'
import type { Entry } from '../run/scope.ts'
import { Failed, StateError } from '../run/state-error.ts'
import { type TaskEvents, taskEvents } from '../run/task-events.ts'
import type { Attempt } from './failable.ts'
import { callUntilOutcome, type Ran, type Scheduled } from './task-call.ts'

/** One call of a service, from its arguments to its result; on replay, the recorded outcome. */
export async function callTask(entry: Entry<TaskState>, attempt: Attempt): Promise<Ran> {
  const events = taskEvents(entry.state.Resource)
  const { history } = entry.scope.execution
  const { place } = attempt
  const succeeded = history.find(places.succeeded(place))
  if (succeeded) return { result: JSON.parse(String(detailsOf(succeeded.event).output)), last: succeeded.id }
  const failed = history.find(places.failed(place))
  if (failed) throw new Failed(reasonIn(failed), failed.id)
  const scheduled = await schedule(entry, attempt, events)
  return callUntilOutcome(entry, scheduled, events)
}

function reasonIn({ event }: Recorded): StateError {
  const { error, cause } = detailsOf(event) as { error?: string; cause?: string }
  return new StateError(error, cause)
}

/** Evaluates the arguments of the call and records it as scheduled; on replay, reads the recorded event. */
async function schedule(entry: Entry<TaskState>, attempt: Attempt, events: TaskEvents): Promise<Scheduled> {
  const { history } = entry.scope.execution
  const { place } = attempt
  const known = history.find(places.begun(place))
  const scheduled = known ? scheduledBefore(place, known) : await scheduleNow(entry, attempt, events)
  const started = history.record(places.callStarted(place), () => ({
    after: scheduled.last,
    ...events.started(),
  }))
  return { ...scheduled, last: history.find(places.submitted(place))?.id ?? started.id }
}

async function scheduleNow(
  entry: Entry<TaskState>,
  { place, retryCount, after }: Attempt,
  events: TaskEvents,
): Promise<Scheduled> {
  const { state, scope } = entry
  const { history, surroundings, row } = scope.execution
  const token = waitsForToken(state.Resource) ? surroundings.tokens.make(row.stateMachineArn) : undefined
  const given =
    'Arguments' in state
      ? await entry.evaluate(state.Arguments, 'Arguments', { retryCount, token, place })
      : entry.input
  const timeoutSeconds = await secondsOf(entry, 'TimeoutSeconds', { retryCount, place })
  const heartbeatSeconds = await secondsOf(entry, 'HeartbeatSeconds', { retryCount, place })
  scope.signal.throwIfAborted()
  requireFits(entry.name, given)
  const { id, timestamp } = history.record(places.begun(place), () => ({
    after,
    ...events.scheduled(given, { timeoutInSeconds: timeoutSeconds, heartbeatInSeconds: heartbeatSeconds }),
    ...(token === undefined ? {} : { note: token }),
  }))
  return { place, given, token, timeoutSeconds, heartbeatSeconds, scheduledAt: timestamp, last: id }
}

function scheduledBefore(place: string, { id, timestamp, event, note }: Recorded): Scheduled {
  const { parameters, input, timeoutInSeconds, heartbeatInSeconds } = detailsOf(event)
  return {
    place,
    given: JSON.parse(String(parameters ?? input)),
    token: note as string | undefined,
    timeoutSeconds: timeoutInSeconds as number | undefined,
    heartbeatSeconds: heartbeatInSeconds as number | undefined,
    scheduledAt: timestamp,
    last: id,
  }
}

async function secondsOf(
  entry: Entry<TaskState>,
  field: 'TimeoutSeconds' | 'HeartbeatSeconds',
  at: { retryCount: number; place: string },
): Promise<number | undefined> {
  const template = entry.state[field]
  if (template === undefined) return undefined
  const seconds = (await entry.evaluate(template, field, { type: 'number', ...at })) as number
  if (seconds > 0 && Number.isInteger(seconds)) return seconds
  return entry.fail(field, `The ${field} field must be a positive integer: ${seconds}`, at.place)
}
