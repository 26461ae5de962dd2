import type { Tree } from './decompose.ts'
import type { Structure } from './structure.ts'

/** A structure whose nodes are known by where they stand: those that differ in names alone become the same. */
export type Positioned = { tree: Tree; nameOf(node: number): string }

/**
 * Branches in the order of what they do, nodes numbered as they are read. `policyOf` says what a node's states depend on besides
 * its name.
 */
export function byPosition({ tree, gates }: Structure, policyOf: (node: number) => string): Positioned {
  const keys = new Map<Tree, string>()
  const sorted = sortBranches(tree)
  const positions = new Map<number, number>()
  number(sorted)
  return { tree: sorted, nameOf: (node) => `s${positions.get(node)}` }

  function sortBranches(part: Tree): Tree {
    const { key, own } = shapeOf(part)
    keys.set(own, key)
    return own
  }

  function shapeOf(part: Tree): { key: string; own: Tree } {
    if (part.kind === 'step') {
      return { key: `${gates.get(part.node)?.length ?? 0}${policyOf(part.node)}`, own: part }
    }
    if (part.kind === 'sequence') {
      const parts = part.parts.map(sortBranches)
      return { key: `(${parts.map(keyOf).join()})`, own: { kind: 'sequence', parts } }
    }
    const branches = part.branches.map(sortBranches).sort((a, b) => compare(keyOf(a), keyOf(b)))
    return { key: `[${branches.map(keyOf).join()}]`, own: { kind: 'parallel', branches } }
  }

  function keyOf(part: Tree): string {
    return keys.get(part) as string
  }

  function number(part: Tree): void {
    if (part.kind === 'step') positions.set(part.node, positions.size)
    else (part.kind === 'sequence' ? part.parts : part.branches).forEach(number)
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
