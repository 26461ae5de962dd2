import type { MapState } from '../definition.ts'
import type { Entry, Scope } from '../scope.ts'
import { ExecutionStopped, Failed } from '../state-error.ts'
import { reasonOf } from './parallel.ts'

/** AWS runs at most this many iterations of an inline Map at once. */
const MOST_AT_ONCE = 40

/** One flow for each item, at most `MaxConcurrency` at once; the first failure stops the others. */
export async function callMap(
  entry: Entry<MapState>,
  retryCount: number,
  after: number,
): Promise<{ result: unknown; last: number }> {
  const { history } = entry.scope.execution
  const siblings = new AbortController()
  const scope = { ...entry.scope, signal: AbortSignal.any([entry.scope.signal, siblings.signal]) }
  try {
    const items = await itemsOf(entry, retryCount)
    const atOnce = await concurrencyOf(entry, retryCount)
    const started = history.add(after, 'MapStateStarted', {
      mapStateStartedEventDetails: { length: items.length },
    })
    const { outputs, last } = await runIterations(entry, scope, items, atOnce, started)
    return { result: outputs, last: history.add(last, 'MapStateSucceeded') }
  } catch (thrown) {
    siblings.abort(new ExecutionStopped('another iteration has failed'))
    const reason = reasonOf(thrown)
    throw new Failed(reason, history.add(history.events.length, 'MapStateFailed'))
  }
}

async function itemsOf(entry: Entry<MapState>, retryCount: number): Promise<unknown[]> {
  const { state, input } = entry
  if (state.Items !== undefined)
    return (await entry.evaluate(state.Items, 'Items', { type: 'array', retryCount })) as unknown[]
  if (Array.isArray(input)) return input
  return entry.fail(
    undefined,
    `The input of a Map without Items must be an array, but was: ${JSON.stringify(input)}`,
  )
}

async function concurrencyOf(entry: Entry<MapState>, retryCount: number): Promise<number> {
  const { MaxConcurrency = 0, ToleratedFailureCount, ToleratedFailurePercentage } = entry.state
  const wanted = (await entry.evaluate(MaxConcurrency, 'MaxConcurrency', {
    type: 'number',
    retryCount,
  })) as number
  // Inline Maps tolerate no failure; the fields must make sense all the same.
  for (const [field, value] of Object.entries({ ToleratedFailureCount, ToleratedFailurePercentage })) {
    if (value !== undefined) await entry.evaluate(value, field, { type: 'number', retryCount })
  }
  return wanted === 0 ? MOST_AT_ONCE : Math.min(wanted, MOST_AT_ONCE)
}

type Outcome = { outputs: unknown[]; last: number }

async function runIterations(
  entry: Entry<MapState>,
  scope: Scope,
  items: unknown[],
  atOnce: number,
  started: number,
): Promise<Outcome> {
  const outputs: unknown[] = new Array(items.length)
  const outcome = { last: started }
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const { output, last } = await runIteration(entry, scope, items[index], index, outcome.last)
      outputs[index] = output
      outcome.last = Math.max(outcome.last, last)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  return { outputs, last: outcome.last }
}

async function runIteration(
  entry: Entry<MapState>,
  scope: Scope,
  value: unknown,
  index: number,
  after: number,
): Promise<{ output: unknown; last: number }> {
  const { history } = scope.execution
  const { ItemSelector, ItemProcessor } = entry.state
  const of = { name: entry.name, index }
  const mapItem = { Index: index, Value: value }
  const input =
    ItemSelector === undefined ? value : await entry.evaluate(ItemSelector, 'ItemSelector', { mapItem })
  const started = history.add(after, 'MapIterationStarted', { mapIterationStartedEventDetails: of })
  try {
    const { output, last } = await scope.runFlow(ItemProcessor, input, { ...scope, mapItem }, started)
    return {
      output,
      last: history.add(last, 'MapIterationSucceeded', { mapIterationSucceededEventDetails: of }),
    }
  } catch (thrown) {
    const reason = reasonOf(thrown)
    throw new Failed(
      reason,
      history.add(history.events.length, 'MapIterationFailed', { mapIterationFailedEventDetails: of }),
    )
  }
}
