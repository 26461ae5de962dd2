import type { Flow, Onward, State } from './asl.ts'
import type { Tree } from './decompose.ts'
import { startState } from './start-states.ts'
import { MAX_STATE_NAME } from './step-names.ts'

export type FlowOptions = {
  /** The name of a node; state names are unique in a machine. */
  nameOf(node: number): string
  /** The states of a node, which continues `onward`; the first is its entry. */
  statesOf(node: number, onward: Onward): Record<string, State>
  /** Names already used by Parallel states. */
  used: Set<string>
  /** Parts that are separate machines, with the placeholders of their ARNs. */
  started?: ReadonlyMap<Tree, string>
}

/** The states of a structure, which continues `onward`: sequences by `Next`, branches as `Parallel`. */
export function flowOf(tree: Tree, options: FlowOptions, onward: Onward = { End: true }): Flow {
  const states: Record<string, State> = {}
  const StartAt = addStates(tree, onward, states)
  return { StartAt, States: states }

  /** Adds the states of `part`, which continues `onward`; returns the name of its first state. */
  function addStates(part: Tree, onward: Onward, into: Record<string, State>): string {
    const started = options.started?.get(part)
    if (started !== undefined) {
      into[started] = startState(started, onward)
      return started
    }
    if (part.kind === 'step') {
      const own = options.statesOf(part.node, onward)
      Object.assign(into, own)
      return Object.keys(own)[0] as string
    }
    if (part.kind === 'parallel') {
      const name = parallelName(part, options)
      const Branches = part.branches.map((branch) => flowOf(branch, options))
      into[name] = { Type: 'Parallel', Branches, Output: '{% {} %}', ...onward }
      return name
    }
    return addSequence(part.parts, onward, into)
  }

  /** Builds from last to first, because each part needs its successor's name; the states are then put in reading order. */
  function addSequence(parts: readonly Tree[], onward: Onward, into: Record<string, State>): string {
    const flows: Record<string, State>[] = []
    let next = onward
    for (const part of parts.toReversed()) {
      const own: Record<string, State> = {}
      next = { Next: addStates(part, next, own) }
      flows.unshift(own)
    }
    Object.assign(into, ...flows)
    return 'Next' in next ? next.Next : ''
  }
}

/** A name that lists the branches; shortened and numbered beyond 80 characters. */
function parallelName(tree: Tree & { kind: 'parallel' }, { nameOf, used }: FlowOptions): string {
  const firsts = tree.branches.map((branch) => nameOf(firstNode(branch)))
  const full = firsts.join(' | ')
  const short = full.length <= MAX_STATE_NAME ? full : `${firsts[0]} | ${tree.branches.length - 1} more`
  let name = short
  for (let copy = 2; used.has(name); copy++) name = `${short} (${copy})`
  used.add(name)
  return name
}

function firstNode(tree: Tree): number {
  if (tree.kind === 'step') return tree.node
  return firstNode((tree.kind === 'sequence' ? tree.parts[0] : tree.branches[0]) as Tree)
}
