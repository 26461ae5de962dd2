import type { MapState } from '../definition/definition.ts'
import * as places from '../run/places.ts'
import type { Entry } from '../run/scope.ts'
import { asFailed, SiblingFailed } from '../run/state-error.ts'
import { runBranches } from './branches.ts'
import { callDistributedMap } from './distributed-map.ts'
import type { Attempt } from './failable.ts'
import { iterationInput, type MapRan, type MapSettings, settingsOf } from './map-settings.ts'

/** AWS runs at most this many iterations of an inline Map at once. */
const MOST_AT_ONCE = 40

/** One flow for each item, at most `MaxConcurrency` at once; the first failure stops the others. */
export async function callMap(
  entry: Entry<MapState>,
  attempt: Attempt,
): Promise<{ result: unknown; last: number }> {
  const { history } = entry.scope.execution
  // Stored with the start event: on replay a randomly drawn list must be the same.
  const known = history.find(places.begun(attempt.place))?.note as MapSettings | undefined
  const settings = known ?? (await settingsOf(entry, attempt))
  entry.scope.signal.throwIfAborted()
  const { items } = settings
  const started = history.record(places.begun(attempt.place), () => ({
    after: attempt.after,
    type: 'MapStateStarted',
    details: { mapStateStartedEventDetails: { length: items.length } },
    note: settings,
  }))
  const isDistributed = entry.state.ItemProcessor.ProcessorConfig?.Mode === 'DISTRIBUTED'
  const { outputs, succeeded, last } = isDistributed
    ? await callDistributedMap(entry, attempt, settings, started.id)
    : await runIterations(entry, attempt, settings, started.id)
  history.record(places.succeeded(attempt.place), () => ({ after: succeeded, type: 'MapStateSucceeded' }))
  return { result: outputs, last }
}

async function runIterations(
  entry: Entry<MapState>,
  attempt: Attempt,
  { items, maxConcurrency }: MapSettings,
  started: number,
): Promise<MapRan> {
  const atOnce = maxConcurrency === 0 ? MOST_AT_ONCE : Math.min(maxConcurrency, MOST_AT_ONCE)
  const outputs: unknown[] = new Array(items.length)
  let next = 0
  let last = started
  await runBranches(entry, attempt, (signal) => {
    const worker = async (): Promise<{ output: unknown; last: number }> => {
      let after = started
      for (let index = next++; index < items.length; index = next++) {
        const ran = await runIteration(
          entry,
          attempt.place,
          signal,
          { Index: index, Value: items[index] },
          after,
        )
        outputs[index] = ran.output
        after = ran.last
        last = Math.max(last, ran.succeeded)
      }
      return { output: undefined, last: after }
    }
    return Array.from({ length: Math.min(atOnce, items.length) }, worker)
  })
  return { outputs, succeeded: last, last }
}

async function runIteration(
  entry: Entry<MapState>,
  attemptPlace: string,
  signal: AbortSignal,
  mapItem: { Index: number; Value: unknown },
  after: number,
): Promise<{ output: unknown; last: number; succeeded: number }> {
  const { history } = entry.scope.execution
  const place = places.itemAt(attemptPlace, mapItem.Index)
  const of = { name: entry.name, index: mapItem.Index }
  const input = await iterationInput(entry, mapItem, place)
  signal.throwIfAborted()
  const started = history.record(places.begun(place), () => ({
    after,
    type: 'MapIterationStarted',
    details: { mapIterationStartedEventDetails: of },
  }))
  const scope = { ...entry.scope, signal, mapItem, place: places.flowOf(place) }
  try {
    const ran = await entry.scope.runFlow(entry.state.ItemProcessor, input, scope, started.id)
    const { id } = history.record(places.succeeded(place), () => ({
      after: ran.last,
      type: 'MapIterationSucceeded',
      details: { mapIterationSucceededEventDetails: of },
    }))
    return { ...ran, succeeded: id }
  } catch (thrown) {
    if (thrown instanceof SiblingFailed) {
      history.recordBadEnd(places.aborted(place), () => ({
        after: thrown.last,
        type: 'MapIterationAborted',
        details: { mapIterationAbortedEventDetails: of },
      }))
      throw thrown
    }
    const failed = asFailed(thrown, history.length)
    history.recordBadEnd(places.failed(place), () => ({
      after: failed.last,
      type: 'MapIterationFailed',
      details: { mapIterationFailedEventDetails: of },
    }))
    throw failed
  }
}
