/**
 * Where a step runs: its id; inside a loop the round comes before it (`improve[2].draft`), and an item of a fan-out has its
 * index behind it (`each[17]`). Records, events, gates and errors are by path; bindings and planned gates by place, which is
 * the path without numbers (`improve.draft`). Rounds count from 1, items from 0.
 */
export type InstancePath = {
  /** The round of the innermost loop around the step, itself a path: `improve[2]`; empty outside loops. */
  scope: string
  stepId: string
  index?: number
}

export function parsePath(path: string): InstancePath {
  const [, scope = '', stepId = path, index] = /^(?:(.+)\.)?([^.[]+)(?:\[(\d+)\])?$/.exec(path) ?? []
  return { scope, stepId, ...(index === undefined ? {} : { index: Number(index) }) }
}

/** A step within a scope; of paths as of places. */
export const pathIn = (scope: string, stepId: string): string =>
  scope === '' ? stepId : `${scope}.${stepId}`

/** An item of a fan-out, or a round of a loop. */
export const numberedPath = (path: string, index: number): string => `${path}[${index}]`

export const placeOf = (path: string): string => path.replaceAll(/\[\d+\]/g, '')

/** From the inside out, the outermost (`''`) last. */
export function enclosingScopes(scope: string): string[] {
  return scope === '' ? [''] : [scope, ...enclosingScopes(parsePath(scope).scope)]
}

/** The loop that a scope is a round of; the fan-out that a path is an item of. */
export const loopOf = (scope: string): string => scope.replace(/\[\d+\]$/, '')

/** The round before; undefined in the first one, and outside loops. */
export function roundBefore(scope: string): string | undefined {
  const { index = 1 } = parsePath(scope)
  return index > 1 ? scope.replace(/\d+\]$/, `${index - 1}]`) : undefined
}
