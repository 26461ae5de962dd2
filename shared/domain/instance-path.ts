/**
 * The path of one run of a step: its id; inside a loop prefixed by the round (`improve[2].draft`); in a fan-out followed by the item's
 * index (`each[17]`). Records, events, gates and errors are keyed by path; bindings and planned gates by place, which is the path
 * without numbers (`improve.draft`). Rounds count from 1, items from 0.
 */
export type InstancePath = {
  /** The path of the round of the innermost enclosing loop: `improve[2]`; empty outside loops. */
  scope: string
  stepId: string
  index?: number
}

export function parsePath(path: string): InstancePath {
  const [, scope = '', stepId = path, index] = /^(?:(.+)\.)?([^.[]+)(?:\[(\d+)\])?$/.exec(path) ?? []
  return { scope, stepId, ...(index === undefined ? {} : { index: Number(index) }) }
}

/** The path (or place) of a step within a scope. */
export const pathIn = (scope: string, stepId: string): string =>
  scope === '' ? stepId : `${scope}.${stepId}`

/** The path of an item of a fan-out, or of a round of a loop. */
export const numberedPath = (path: string, index: number): string => `${path}[${index}]`

export const placeOf = (path: string): string => path.replaceAll(/\[\d+\]/g, '')

/** The scopes around a step, innermost first; the last is always `''`. */
export function enclosingScopes(scope: string): string[] {
  return scope === '' ? [''] : [scope, ...enclosingScopes(parsePath(scope).scope)]
}

/** The path of the loop when given a round, or of the fan-out when given an item. */
export const loopOf = (scope: string): string => scope.replace(/\[\d+\]$/, '')

/** The scope of the previous round; undefined in the first round and outside loops. */
export function roundBefore(scope: string): string | undefined {
  const { index = 1 } = parsePath(scope)
  return index > 1 ? scope.replace(/\d+\]$/, `${index - 1}]`) : undefined
}

/** `improve[2].each[3].draft` is within the item, the fan-out, the round and the loop. */
export function pathsAround(path: string): string[] {
  const { scope, index } = parsePath(path)
  const scopes = enclosingScopes(scope).filter((one) => one !== '')
  const all = [...(index === undefined ? [] : [loopOf(path)]), ...scopes.flatMap((one) => [one, loopOf(one)])]
  return [...new Set(all)].filter((one) => one !== path)
}
