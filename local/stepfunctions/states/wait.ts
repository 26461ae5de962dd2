import type { WaitState } from '../definition.ts'
import { leave } from '../leave-state.ts'
import { evaluate } from '../query.ts'
import type { Entry, Exit } from '../scope.ts'
import { StateError } from '../state-error.ts'

export async function runWait(entry: Entry<WaitState>): Promise<Exit> {
  const { clock } = entry.scope.execution.surroundings
  const milliseconds = (await dueAt(entry)) - clock.now()
  if (milliseconds > 0) await clock.sleep(milliseconds, entry.scope.signal)
  return leave(entry, entry.input, entry.entered)
}

async function dueAt({ state, names, scope }: Entry<WaitState>): Promise<number> {
  if (state.Seconds !== undefined) {
    const seconds = await evaluate(state.Seconds, names(), 'Seconds')
    if (typeof seconds === 'number' && seconds >= 0)
      return scope.execution.surroundings.clock.now() + seconds * 1_000
    throw new StateError(
      'States.QueryEvaluationError',
      `Seconds must be a number of at least 0, not ${JSON.stringify(seconds)}.`,
    )
  }
  const timestamp = await evaluate(state.Timestamp, names(), 'Timestamp')
  const due = Date.parse(String(timestamp))
  if (!Number.isNaN(due)) return due
  throw new StateError(
    'States.QueryEvaluationError',
    `Timestamp must be an ISO 8601 time, not ${JSON.stringify(timestamp)}.`,
  )
}
