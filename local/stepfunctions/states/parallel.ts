import type { ParallelState } from '../definition.ts'
import { evaluate } from '../query.ts'
import type { Entry } from '../scope.ts'
import { ExecutionStopped, StateError } from '../state-error.ts'
import { Failed } from './failable.ts'

/** All branches at once; the first failure stops the others. The result is their outputs in order. */
export async function callParallel(
  entry: Entry<ParallelState>,
  _retryCount: number,
  after: number,
): Promise<{ result: unknown; last: number }> {
  const { state, scope } = entry
  const { history } = scope.execution
  const input =
    'Arguments' in state ? await evaluate(state.Arguments, entry.names(), 'Arguments') : entry.input
  const started = history.add(after, 'ParallelStateStarted')
  const siblings = new AbortController()
  const signal = AbortSignal.any([scope.signal, siblings.signal])
  try {
    const outcomes = await Promise.all(
      state.Branches.map((branch) => scope.runFlow(branch, input, { ...scope, signal }, started)),
    )
    const last = Math.max(started, ...outcomes.map((outcome) => outcome.last))
    return { result: outcomes.map(({ output }) => output), last: history.add(last, 'ParallelStateSucceeded') }
  } catch (thrown) {
    siblings.abort(new ExecutionStopped('another branch has failed'))
    if (!(thrown instanceof StateError)) throw thrown
    const details = { error: thrown.error, cause: thrown.cause }
    throw new Failed(
      thrown,
      history.add(history.events.length, 'ParallelStateFailed', { parallelStateFailedEventDetails: details }),
    )
  }
}
