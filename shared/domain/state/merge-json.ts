/**
 * The three-way merge of JSON values: two values that were made from the same one, as one that has the changes of both.
 *
 * Invariants (tests cite them):
 * merge/M1 a side that has changed nothing yields the other one; the same change on both sides is made once
 * merge/M2 without conflicts both orders give the same value, and merging a side again changes nothing
 * merge/M3 what only one side has added, changed or removed is in the result so; what both have changed differently is a conflict, of which
 *    the result has `theirs`: none is dropped silently
 * merge/M4 only objects are merged member by member. A list is one value: which of its elements is which cannot be told, and a merge by
 *    position would mix them up. Lists that several fill have the policy `union`, or are objects by id
 */
import { canonicalJson, isJsonObject, type Json } from '../json.ts'
import { ownOf } from '../own.ts'

/** What is not there, as `undefined`: a member, or the whole value. */
export type Maybe = Json | undefined

/** A place that both sides have changed, each differently; `path` is the names of members from outside in. */
export type MergeConflict = { path: string[]; base: Maybe; ours: Maybe; theirs: Maybe }

export type Merged = { value: Maybe; conflicts: MergeConflict[] }

/** Merges `ours` and `theirs`, both made from `base` (undefined: there was nothing). */
export function mergeJson(base: Maybe, ours: Maybe, theirs: Maybe): Merged {
  const conflicts: MergeConflict[] = []
  return { value: mergeAt([], base, ours, theirs, conflicts), conflicts }
}

function mergeAt(path: string[], base: Maybe, ours: Maybe, theirs: Maybe, conflicts: MergeConflict[]): Maybe {
  if (isSame(ours, theirs) || isSame(base, ours)) return theirs
  if (isSame(base, theirs)) return ours
  if (isJsonObject(ours) && isJsonObject(theirs) && (base === undefined || isJsonObject(base))) {
    const names = new Set([...Object.keys(theirs), ...Object.keys(ours)])
    const members = [...names].flatMap((name): [string, Json][] => {
      const of = (value: Maybe): Maybe => (isJsonObject(value) ? ownOf(value, name) : undefined)
      const value = mergeAt([...path, name], of(base), of(ours), of(theirs), conflicts)
      return value === undefined ? [] : [[name, value]]
    })
    return Object.fromEntries(members)
  }
  conflicts.push({ path, base, ours, theirs })
  return theirs
}

/** Whether two values are the same JSON, whatever the order of their members. */
export const isSame = (one: Maybe, other: Maybe): boolean =>
  one === other || (one !== undefined && other !== undefined && canonicalJson(one) === canonicalJson(other))

/** The place of a conflict for people: `rows.total`, or `the value` for all of it. */
export const placeOfConflict = ({ path }: Pick<MergeConflict, 'path'>): string =>
  path.length === 0 ? 'the value' : path.join('.')
