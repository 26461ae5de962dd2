import type { ParallelState } from '../definition/definition.ts'
import * as places from '../run/places.ts'
import type { Entry } from '../run/scope.ts'
import { runBranches } from './branches.ts'
import type { Attempt } from './failable.ts'

/** All branches at once; the first failure stops the others. The result is their outputs in order. */
export async function callParallel(
  entry: Entry<ParallelState>,
  attempt: Attempt,
): Promise<{ result: unknown; last: number }> {
  const { state, scope } = entry
  const { history } = scope.execution
  const { place, retryCount, after } = attempt
  const input =
    'Arguments' in state
      ? await entry.evaluate(state.Arguments, 'Arguments', { retryCount, place })
      : entry.input
  scope.signal.throwIfAborted()
  const started = history.record(places.begun(place), () => ({ after, type: 'ParallelStateStarted' }))
  const outcomes = await runBranches(entry, attempt, (signal) =>
    state.Branches.map((branch, index) =>
      scope.runFlow(branch, input, { ...scope, signal, place: places.branchAt(place, index) }, started.id),
    ),
  )
  const last = Math.max(started.id, ...outcomes.map((outcome) => outcome.last))
  history.record(places.succeeded(place), () => ({ after: last, type: 'ParallelStateSucceeded' }))
  return { result: outcomes.map(({ output }) => output), last }
}
