import type { Entry } from '../run/scope.ts'
import { asFailed, Failed, SiblingFailed, StateError } from '../run/state-error.ts'
import type { Attempt, Failable } from './failable.ts'
import { findFailure } from './record-failure.ts'

type Ran = { output: unknown; last: number }

/**
 * Runs several flows at once, for Parallel and Map; the first failure stops the others. `run` is given the
 * signal that the first failure aborts. Resolves with the outputs in order; throws Failed.
 */
export async function runBranches(
  entry: Entry<Failable>,
  { place }: Attempt,
  run: (signal: AbortSignal) => Promise<Ran>[],
): Promise<Ran[]> {
  const { history } = entry.scope.execution
  const known = findFailure(history, place)
  if (known) throw known
  const siblings = new AbortController()
  let first: Failed | undefined
  let fault: unknown
  const failing = (thrown: unknown): never => {
    if (!siblings.signal.aborted && !entry.scope.signal.aborted) {
      if (thrown instanceof Failed || thrown instanceof StateError) first = asFailed(thrown, history.length)
      else fault = thrown
      siblings.abort(new SiblingFailed(first?.last ?? history.length))
    }
    throw thrown
  }
  const runs = run(AbortSignal.any([entry.scope.signal, siblings.signal]))
  const settled = await Promise.allSettled(runs.map((one) => one.catch(failing)))
  if (first) throw first
  if (fault) throw fault
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}
