import type { State } from '../definition/definition.ts'
import type { History } from '../run/history.ts'
import * as places from '../run/places.ts'
import type { Entry } from '../run/scope.ts'
import { Failed, StateError } from '../run/state-error.ts'

/**
 * Records that a Parallel or a Map has failed for good, with the error of the failed flow; a Task has an event of
 * its own for each failure.
 */
export function recordFailure(entry: Entry<State>, place: string, failed: Failed): Failed {
  const { state, scope } = entry
  if (state.Type === 'Task') return failed
  const { reason, last } = failed
  const { id } = scope.execution.history.recordBadEnd(places.failed(place), () => ({
    after: last,
    type: `${state.Type}StateFailed`,
    note: { error: reason.error, cause: reason.cause },
  }))
  return new Failed(reason, id)
}

/** The recorded final failure of an attempt; undefined after a redrive, when its flows run again. */
export function findFailure(history: History, place: string): Failed | undefined {
  const known = history.find(places.failed(place))
  if (!known || history.redriveAfter(known.id) !== undefined) return undefined
  const { error, cause } = known.note as { error?: string; cause?: string }
  return new Failed(new StateError(error, cause), known.id)
}
