import { compareIds } from '../domain/compare-ids.ts'
import type { Tree } from './decompose.ts'
import type { Structure } from './structure.ts'

/** A structure whose nodes are named by position, so that structures that differ only in names become equal. */
export type Positioned = { tree: Tree; nameOf(node: number): string }

/**
 * Sorts branches by their content and numbers nodes in reading order. `policyOf` returns what a node's states depend on besides its name;
 * names begin with `prefix`.
 */
export function byPosition(
  { tree, gates }: Structure,
  policyOf: (node: number) => string,
  prefix: string,
): Positioned {
  const sorted = shapeOf(tree).tree
  const positions = new Map<number, number>()
  number(sorted)
  return { tree: sorted, nameOf: (node) => `${prefix}s${positions.get(node)}` }

  /** `key` is equal for parts that differ only in names. */
  function shapeOf(part: Tree): { key: string; tree: Tree } {
    if (part.kind === 'step') {
      return { key: `${gates.get(part.node)?.length ?? 0}${policyOf(part.node)}`, tree: part }
    }
    if (part.kind === 'sequence') {
      const parts = part.parts.map(shapeOf)
      return { key: `(${keysOf(parts)})`, tree: { kind: 'sequence', parts: parts.map((one) => one.tree) } }
    }
    const branches = part.branches.map(shapeOf).sort((a, b) => compareIds(a.key, b.key))
    return {
      key: `[${keysOf(branches)}]`,
      tree: { kind: 'parallel', branches: branches.map((one) => one.tree) },
    }
  }

  function number(part: Tree): void {
    if (part.kind === 'step') positions.set(part.node, positions.size)
    else (part.kind === 'sequence' ? part.parts : part.branches).forEach(number)
  }
}

const keysOf = (shapes: readonly { key: string }[]): string => shapes.map(({ key }) => key).join()
