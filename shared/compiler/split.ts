/**
 * Splits a structure that is too large for one machine: parts of its sequences and branches become separate executions, each as large as
 * fits.
 *
 * Invariants (tests cite them):
 * split/X1 every node is in exactly one machine; the order of the nodes does not change
 * split/X2 no machine exceeds the budget, unless a single node does
 */
import type { Tree } from './decompose.ts'

export type Weight = { bytes: number; events: number }
/** `parts` are subtrees of `tree` and of each other, the inner ones first. */
export type Split = { tree: Tree; parts: Tree[] }

/** A generous weight for a state that starts a part, and for an empty Parallel. */
const PART: Weight = { bytes: 1_000, events: 6 }
const PARALLEL: Weight = { bytes: 450, events: 4 }

export function splitTree(tree: Tree, weightOf: (node: number) => Weight, budget: Weight): Split {
  const parts: Tree[] = []
  const weights = new Map<Tree, Weight>()
  return { tree: shrink(tree), parts }

  /** The same order, with as much as necessary moved to parts. */
  function shrink(one: Tree): Tree {
    if (one.kind === 'step' || fits(weigh(one))) return one
    const inner = (one.kind === 'sequence' ? one.parts : one.branches).map((part) =>
      fits(weigh(part)) ? part : shrink(part),
    )
    const shrunk = like(one, inner)
    return fits(weigh(shrunk)) ? shrunk : like(one, chunksOf(one, inner).map(outsource))
  }

  /** Groups as many neighbours as fit. */
  function chunksOf(whole: Tree, inner: readonly Tree[]): Tree[] {
    const empty = weigh(like(whole, []))
    const chunks: { parts: Tree[]; weight: Weight }[] = []
    for (const part of inner) {
      const last = chunks.at(-1)
      const more = last && total([last.weight, weigh(part)])
      if (last && more && fits(more)) {
        last.parts.push(part)
        last.weight = more
      } else chunks.push({ parts: [part], weight: total([empty, weigh(part)]) })
    }
    return chunks.map((chunk) =>
      chunk.parts.length === 1 ? (chunk.parts[0] as Tree) : like(whole, chunk.parts),
    )
  }

  function outsource(part: Tree): Tree {
    // A single node that is too heavy gains nothing from a separate execution.
    if (part.kind === 'step' && !fits(weigh(part))) return part
    parts.push(part)
    weights.set(part, PART)
    return part
  }

  function weigh(one: Tree): Weight {
    const known = weights.get(one)
    if (known) return known
    const weight =
      one.kind === 'step'
        ? weightOf(one.node)
        : one.kind === 'sequence'
          ? total(one.parts.map(weigh))
          : total([PARALLEL, ...one.branches.map(weigh)])
    weights.set(one, weight)
    return weight
  }

  function fits({ bytes, events }: Weight): boolean {
    return bytes <= budget.bytes && events <= budget.events
  }
}

function like(one: Tree, inner: Tree[]): Tree {
  return one.kind === 'sequence' ? { kind: 'sequence', parts: inner } : { kind: 'parallel', branches: inner }
}

function total(weights: readonly Weight[]): Weight {
  return weights.reduce(
    (sum, { bytes, events }) => ({ bytes: sum.bytes + bytes, events: sum.events + events }),
    { bytes: 0, events: 0 },
  )
}
