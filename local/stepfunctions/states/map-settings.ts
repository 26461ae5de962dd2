import type { MapState } from '../definition.ts'
import type { Entry } from '../scope.ts'
import type { Attempt } from './failable.ts'

export type MapSettings = {
  items: unknown[]
  /** 0 stands for as many as the mode allows. */
  maxConcurrency: number
  toleratedCount: number
  toleratedPercentage: number
}

/** `succeeded` is the event after which the Map's success comes, `last` the one after which the state is left. */
export type MapRan = { outputs: unknown[]; succeeded: number; last: number }

/** What a Map works on, and how: every field evaluated before anything is recorded. */
export async function settingsOf(entry: Entry<MapState>, { retryCount }: Attempt): Promise<MapSettings> {
  const { MaxConcurrency, ToleratedFailureCount, ToleratedFailurePercentage } = entry.state
  const number = async (field: string, value: unknown): Promise<number> =>
    value === undefined ? 0 : ((await entry.evaluate(value, field, { type: 'number', retryCount })) as number)
  return {
    items: await itemsOf(entry, retryCount),
    maxConcurrency: await number('MaxConcurrency', MaxConcurrency),
    toleratedCount: await number('ToleratedFailureCount', ToleratedFailureCount),
    toleratedPercentage: await number('ToleratedFailurePercentage', ToleratedFailurePercentage),
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

/** The input of one iteration: its item, or what ItemSelector makes of it. */
export async function iterationInput(
  entry: Entry<MapState>,
  mapItem: { Index: number; Value: unknown },
): Promise<unknown> {
  const { ItemSelector } = entry.state
  return ItemSelector === undefined
    ? mapItem.Value
    : entry.evaluate(ItemSelector, 'ItemSelector', { mapItem })
}
