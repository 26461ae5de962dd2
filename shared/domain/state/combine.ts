import { OrchestratorError } from '../errors.ts'
import { canonicalJson, type Json } from '../json.ts'
import { type Maybe, mergeJson, placeOfConflict } from './merge-json.ts'
import type { StateConflict } from './shared-state.ts'

/** A value that was made from another version than the newest one. */
export type Raced = {
  key: string
  conflict: StateConflict
  /** The version that `given` was made from; undefined: the writer has not read the key. */
  from: number | undefined
  /** The value at `from`. */
  base: Maybe
  given: Json
  /** The newest version, and its value. */
  head: number
  newest: Maybe
}

/** The most conflicts that a message lists. */
const MOST_LISTED = 10

/**
 * What a key holds after a race, by its policy. Throws StateConflictError where the policy has no answer, with every conflict in its
 * details; InvalidInputError for a value that the policy cannot combine.
 */
export function combineRaced(raced: Raced): Json {
  const { key, conflict, base, given, newest } = raced
  switch (conflict) {
    case 'last-write-wins':
      return given
    case 'reject':
      throw conflicted(raced, [])
    case 'union':
      return unionOf(listIn(key, newest), listIn(key, given))
    case 'counter':
      return numberIn(key, newest) + numberIn(key, given) - startOf(raced)
    case 'merge': {
      const { value, conflicts } = mergeJson(base, given, newest)
      if (conflicts.length > 0 || value === undefined) throw conflicted(raced, conflicts.map(placeOfConflict))
      return value
    }
  }
}

/** Throws InvalidInputError for a value that a key of this policy cannot have. */
export function requireKind(key: string, conflict: StateConflict, value: Json): void {
  if (conflict === 'union') listIn(key, value)
  if (conflict === 'counter') numberIn(key, value)
}

/** All elements of the newest list, in their order, then those that only the given one has. Equal elements are one. */
function unionOf(newest: readonly Json[], given: readonly Json[]): Json[] {
  return [...new Map([...newest, ...given].map((one) => [canonicalJson(one), one])).values()]
}

function startOf({ key, from, base }: Raced): number {
  if (from !== undefined) return numberIn(key, base)
  const message = `state "${key}" is a counter: a number alone does not say how much to add; use update, or read it before you set it`
  throw new OrchestratorError('InvalidInputError', message)
}

function listIn(key: string, value: Maybe): Json[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw unfit(key, 'union', 'a list', value)
}

function numberIn(key: string, value: Maybe): number {
  if (value === undefined) return 0
  if (typeof value === 'number') return value
  throw unfit(key, 'counter', 'a number', value)
}

function unfit(key: string, conflict: StateConflict, right: string, value: Json): OrchestratorError {
  const given = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a value of type ${typeof value}`
  const message = `state "${key}" has \`conflict: ${conflict}\`, so its value is ${right}; this is ${given}`
  return new OrchestratorError('InvalidInputError', message)
}

function conflicted({ key, from, head }: Raced, places: readonly string[]): OrchestratorError {
  const listed = places.slice(0, MOST_LISTED).join(', ')
  const more = places.length > MOST_LISTED ? ` and ${places.length - MOST_LISTED} more` : ''
  const what = places.length > 0 ? `; both sides have changed ${listed}${more}` : ''
  const seen = from === undefined ? 'this write has read none' : `this write is based on version ${from}`
  const message = `state "${key}" is at version ${head}, and ${seen}${what}: read it again, or use update`
  return new OrchestratorError('StateConflictError', message, { key, version: head, conflicts: places })
}
