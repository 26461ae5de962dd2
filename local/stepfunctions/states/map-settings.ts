import type { MapState } from '../definition/definition.ts'
import type { Entry } from '../run/scope.ts'
import type { Attempt } from './failable.ts'

export type MapSettings = {
  items: unknown[]
  /** 0 means the maximum of the mode. */
  maxConcurrency: number
  /** How many iterations may fail; undefined if the definition has no such limit. */
  toleratedCount: number | undefined
  toleratedPercentage: number | undefined
}

/** `succeeded` is the event before the Map's success event, `last` the one before the state's exit. */
export type MapRan = { outputs: unknown[]; succeeded: number; last: number }

/** The items and settings of a Map: every field is evaluated before anything is recorded. */
export async function settingsOf(entry: Entry<MapState>, attempt: Attempt): Promise<MapSettings> {
  const { state } = entry
  const { retryCount, place } = attempt
  const number = async (
    field: 'MaxConcurrency' | 'ToleratedFailureCount' | 'ToleratedFailurePercentage',
    isValid: (value: number) => boolean,
  ): Promise<number | undefined> => {
    if (state[field] === undefined) return undefined
    const value = (await entry.evaluate(state[field], field, { type: 'number', retryCount, place })) as number
    return isValid(value) ? value : entry.fail(field, `The ${field} field is out of range: ${value}`, place)
  }
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0
  return {
    items: await itemsOf(entry, attempt),
    maxConcurrency: (await number('MaxConcurrency', isCount)) ?? 0,
    toleratedCount: await number('ToleratedFailureCount', isCount),
    toleratedPercentage: await number('ToleratedFailurePercentage', (value) => value >= 0 && value <= 100),
  }
}

async function itemsOf(entry: Entry<MapState>, { retryCount, place }: Attempt): Promise<unknown[]> {
  const { state, input } = entry
  if (state.Items !== undefined)
    return (await entry.evaluate(state.Items, 'Items', { type: 'array', retryCount, place })) as unknown[]
  if (Array.isArray(input)) return input
  return entry.fail(
    undefined,
    `The input of a Map without Items must be an array, but was: ${JSON.stringify(input)}`,
    place,
  )
}

/** The input of one iteration: its item, or the result of ItemSelector. */
export async function iterationInput(
  entry: Entry<MapState>,
  mapItem: { Index: number; Value: unknown },
  place: string,
): Promise<unknown> {
  const { ItemSelector } = entry.state
  if (ItemSelector === undefined) return mapItem.Value
  return entry.evaluate(ItemSelector, 'ItemSelector', { mapItem, place })
}
