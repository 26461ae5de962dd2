import type { ParallelState } from '../definition.ts'
import type { Entry } from '../scope.ts'
import { ExecutionStopped, Failed, StateError } from '../state-error.ts'

/** All branches at once; the first failure stops the others. The result is their outputs in order. */
export async function callParallel(
  entry: Entry<ParallelState>,
  retryCount: number,
  after: number,
): Promise<{ result: unknown; last: number }> {
  const { state, scope } = entry
  const { history } = scope.execution
  const input =
    'Arguments' in state ? await entry.evaluate(state.Arguments, 'Arguments', { retryCount }) : entry.input
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
    const reason = reasonOf(thrown)
    throw new Failed(reason, history.add(history.events.length, 'ParallelStateFailed'))
  }
}

/** Why a branch or an iteration failed; what is no failure of its own goes on. */
export function reasonOf(thrown: unknown): StateError {
  if (thrown instanceof Failed) return thrown.reason
  if (thrown instanceof StateError) return thrown
  throw thrown
}
