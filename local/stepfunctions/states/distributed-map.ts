import type { MapState } from '../definition/definition.ts'
import { uuidOf } from '../query/functions.ts'
import type { Outcome } from '../run/execution.ts'
import * as places from '../run/places.ts'
import type { Entry } from '../run/scope.ts'
import { asFailed, Failed, SiblingFailed, StateError } from '../run/state-error.ts'
import type { Attempt } from './failable.ts'
import { iterationInput, type MapRan, type MapSettings } from './map-settings.ts'
import { findFailure } from './record-failure.ts'

/** AWS allows 10,000 at once; a laptop runs all of them in one process. */
const MOST_AT_ONCE = 1_000

/**
 * Runs a child execution for each item. Children see neither the variables nor the input of their parent. The result has
 * each output, or for a tolerated failure `{Error, Cause}`.
 */
export async function callDistributedMap(
  entry: Entry<MapState>,
  attempt: Attempt,
  settings: MapSettings,
  after: number,
): Promise<MapRan> {
  const { history } = entry.scope.execution
  const { place } = attempt
  const known = findFailure(history, place)
  if (known) throw known
  const run = history.record(places.mapRunStarted(place), () => startOf(entry, after))
  const mapRunArn = String(run.note)
  try {
    const outputs = await runChildren(entry, settings, mapRunArn, place)
    const { id } = history.record(places.mapRunSucceeded(place), () => ({
      after: run.id,
      type: 'MapRunSucceeded',
    }))
    return { outputs, succeeded: id, last: run.id }
  } catch (thrown) {
    const failed = asFailed(thrown, run.id)
    const { error, cause } = failed.reason
    const { id } = history.recordBadEnd(places.mapRunFailed(place), () => ({
      after: run.id,
      type: 'MapRunFailed',
      details: { mapRunFailedEventDetails: { error, cause } },
    }))
    throw new Failed(failed.reason, id)
  }
}

const labelOf = (entry: Entry<MapState>): string =>
  entry.state.Label ?? entry.name.replace(/[^\w-]/g, '').slice(0, 40)

function startOf(entry: Entry<MapState>, after: number) {
  const { row, surroundings } = entry.scope.execution
  const run = uuidOf(Buffer.from(surroundings.randomBytes(16)).toString('hex'))
  const mapRunArn = `${row.stateMachineArn.replace(':stateMachine:', ':mapRun:')}/${labelOf(entry)}:${run}`
  const details = { mapRunStartedEventDetails: { mapRunArn } }
  return { after, type: 'MapRunStarted', details, note: mapRunArn }
}

async function runChildren(
  entry: Entry<MapState>,
  { items, maxConcurrency, toleratedCount, toleratedPercentage }: MapSettings,
  mapRunArn: string,
  place: string,
): Promise<unknown[]> {
  const { scope } = entry
  const {
    surroundings,
    definition: { QueryLanguage },
  } = scope.execution
  const stop = new AbortController()
  const signal = AbortSignal.any([scope.signal, stop.signal])
  const outputs: unknown[] = new Array(items.length)
  let failures = 0
  let next = 0

  /** With both limits, exceeding either one fails the Map; without limits no failure is tolerated. */
  const isTooMany = (failed: number): boolean => {
    if (toleratedCount === undefined && toleratedPercentage === undefined) return failed > 0
    const byCount = toleratedCount !== undefined && failed > toleratedCount
    return (
      byCount || (toleratedPercentage !== undefined && (failed * 100) / items.length > toleratedPercentage)
    )
  }
  const runItem = async (index: number): Promise<void> => {
    const input = await iterationInput(
      entry,
      { Index: index, Value: items[index] },
      places.itemAt(place, index),
    )
    const { StartAt, States } = entry.state.ItemProcessor
    const outcome = await surroundings.runChild(
      {
        parent: scope.execution,
        label: labelOf(entry),
        name: childName(mapRunArn, index),
        definition: { StartAt, States, QueryLanguage },
        input,
        mapRunArn,
      },
      { redrives: scope.execution.history.redriveCount, signal },
    )
    outputs[index] = resultOf(outcome)
    if (outcome.status !== 'SUCCEEDED') failures += 1
    if (isTooMany(failures)) {
      throw new StateError(
        'States.ExceedToleratedFailureThreshold',
        'The specified tolerated failure threshold was exceeded',
      )
    }
  }
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await runItem(index)
  }
  const atOnce = maxConcurrency === 0 ? MOST_AT_ONCE : Math.min(maxConcurrency, MOST_AT_ONCE)
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
    return outputs
  } catch (thrown) {
    stop.abort(new SiblingFailed(0))
    throw thrown
  }
}

/** Deterministic, so that a child is found again after a restart. */
const childName = (mapRunArn: string, index: number): string => `${mapRunArn.split(':').at(-1)}-${index}`

function resultOf({ status, output, error, cause }: Outcome): unknown {
  if (status === 'SUCCEEDED') return output
  return { Error: error ?? `States.${status}`, Cause: cause ?? '' }
}
