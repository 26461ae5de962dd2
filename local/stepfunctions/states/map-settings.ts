import type { MapState } from '../definition/definition.ts'
import type { Entry } from '../run/scope.ts'
import type { Attempt } from './failable.ts'

export type MapSettings = {
  items: unknown[]
  /** 0 stands for as many as the mode allows. */
  maxConcurrency: number
  /** How many iterations may fail; undefined where no limit of that kind is given. */
  toleratedCount: number | undefined
  toleratedPercentage: number | undefined
}

/** `succeeded` is the event after which the Map's success comes, `last` the one after which the state is left. */
export type MapRan = { outputs: unknown[]; succeeded: number; last: number }

/** What a Map works on, and how: every field evaluated before anything is recorded. */
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

/** The input of one iteration: its item, or what ItemSelector makes of it. */
export async function iterationInput(
  entry: Entry<MapState>,
  mapItem: { Index: number; Value: unknown },
  place: string,
): Promise<unknown> {
  const { ItemSelector } = entry.state
  if (ItemSelector === undefined) return mapItem.Value
  return entry.evaluate(ItemSelector, 'ItemSelector', { mapItem, place })
}
