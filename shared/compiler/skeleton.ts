/**
 * The series-parallel part of an order: exact for series-parallel orders; in others some edges are left to gates. Few nodes should have a
 * gate: each costs a state, a write and a task token.
 */
import { decompose, primesOf, replacePrimes, type Tree } from './decompose.ts'
import { hasNode, type NodeSet } from './node-set.ts'
import { beforeEach, type Order, orderInside } from './order.ts'

/** Up to this size the search is exhaustive. */
const SMALL = 12
/** Above this size a prime set gets gates without a search. */
const LARGE = 60
/** The search budget of a compile, in decomposed nodes (some tenths of a second). Afterwards a safe choice is taken. */
const SEARCH = 60_000

/** Up to this number of needs every subset is tried. */
const FEW_NEEDS = 5

type Search = { left: number }

export function skeletonOf(order: Order): Tree {
  return solve({ ...order, gated: order.needs.map(() => false) }, { left: SEARCH })
}

/** An order without the edges that are left to gates, which are those of the `gated` nodes. */
type Skeleton = Order & { gated: readonly boolean[] }

function solve(skeleton: Skeleton, search: Search): Tree {
  return replacePrimes(decompose(skeleton), ({ nodes }) => {
    const core = {
      ...orderInside(skeleton, nodes),
      gated: nodes.map((node) => skeleton.gated[node] === true),
    }
    return renumber(solve(loosen(core, search), search), nodes)
  })
}

/** Removes edges from a prime set's skeleton: all that is needed, or a step towards it. */
function loosen(core: Skeleton, search: Search): Skeleton {
  const size = core.needs.length
  if (size <= SMALL) return fewestGates(core, search) ?? bestStep(core, search) ?? forestOf(core)
  if (size <= LARGE) return bestStep(core, search) ?? forestOf(core)
  return forestOf(core)
}

/** The best skeleton with the fewest gates; undefined when the search budget is used up before (structure/K4). */
function fewestGates(core: Skeleton, search: Search): Skeleton | undefined {
  const dependent = dependentIn(core)
  const before = beforeEach(core)
  const choices = dependent.map((node) => choicesOf(core, before, node))
  for (let count = 1; count <= dependent.length; count++) {
    let best: { skeleton: Skeleton; parallels: number } | undefined
    for (const chosen of combinations(dependent.length, count)) {
      for (const kept of product(chosen.map((index) => choices[index] as number[][]))) {
        if (!spend(search, core)) return best?.skeleton
        const changes = chosen.map((index, at) => [dependent[index] as number, kept[at] as number[]] as const)
        const skeleton = withNeeds(core, changes)
        const tree = decompose(skeleton)
        if (primesOf(tree).length > 0) continue
        const parallels = countParallels(tree)
        if (!best || parallels < best.parallels) best = { skeleton, parallels }
      }
    }
    if (best) return best.skeleton
  }
  return undefined
}

/** The change that leaves the fewest nodes in prime sets; ties prefer no new gate, then no new Parallel. */
function bestStep(core: Skeleton, search: Search): Skeleton | undefined {
  const before = beforeEach(core)
  let best: { skeleton: Skeleton; score: readonly number[] } | undefined
  for (const node of joinsOf(core)) {
    for (const kept of choicesOf(core, before, node)) {
      if (!spend(search, core)) return best?.skeleton
      const skeleton = withNeeds(core, [[node, kept]])
      const tree = decompose(skeleton)
      const mass = primesOf(tree).reduce((sum, { nodes }) => sum + nodes.length, 0)
      const score = [mass, core.gated[node] ? 0 : 1, countParallels(tree)]
      if (!best || compareScores(score, best.score) < 0) best = { skeleton, score }
    }
  }
  return best?.skeleton
}

/**
 * Every join keeps only the need with the most predecessors. The result is an out-forest, which is series-parallel: this always succeeds.
 */
function forestOf(core: Skeleton): Skeleton {
  const depth: number[] = core.needs.map(() => 0)
  for (const node of core.sequence) {
    depth[node] = 1 + Math.max(0, ...(core.needs[node] ?? []).map((need) => depth[need] as number))
  }
  const latest = (needs: readonly number[]): number =>
    needs.reduce((one, other) => ((depth[other] as number) > (depth[one] as number) ? other : one))
  return withNeeds(
    core,
    joinsOf(core).map((join) => [join, [latest(core.needs[join] as number[])]] as const),
  )
}

/** The nodes with needs, even a single one: in `{a, b} -> c, {a, b} -> d, a -> e` the only gate is before `e`. */
const dependentIn = ({ needs }: Order): number[] =>
  needs.flatMap((own, node) => (own.length > 0 ? [node] : []))

const joinsOf = ({ needs }: Order): number[] => needs.flatMap((own, node) => (own.length > 1 ? [node] : []))

/**
 * The needs that the skeleton may keep for a node: a subset, or instead the latest nodes that come before all of them. Always fewer than
 * now, so that the search terminates; of many needs one, all but one or none, so that it terminates soon.
 */
function choicesOf({ needs }: Order, before: readonly NodeSet[], node: number): number[][] {
  const own = needs[node] as readonly number[]
  const some = own.length <= FEW_NEEDS ? properSubsets(own) : fewSubsets(own)
  const common = latestCommon(own, before)
  return common.length > 0 && common.length < own.length ? [...some, common] : some
}

const fewSubsets = (needs: readonly number[]): number[][] => [
  ...needs.map((need) => [need]),
  ...needs.map((need) => needs.filter((other) => other !== need)),
  [],
]

function properSubsets(needs: readonly number[]): number[][] {
  const all = Array.from({ length: 2 ** needs.length - 1 }, (_, bits) =>
    needs.filter((_need, at) => bits & (1 << at)),
  )
  // The empty choice comes last: a node that keeps a need starts no earlier than it may.
  return [...all.slice(1), []]
}

function latestCommon(needs: readonly number[], before: readonly NodeSet[]): number[] {
  const common = before.flatMap((_, node) =>
    needs.every((need) => hasNode(before[need] as NodeSet, node)) ? [node] : [],
  )
  return common.filter((node) => !common.some((other) => hasNode(before[other] as NodeSet, node)))
}

function withNeeds(
  core: Skeleton,
  changes: readonly (readonly [node: number, needs: readonly number[]])[],
): Skeleton {
  const needs = [...core.needs]
  const gated = [...core.gated]
  for (const [node, kept] of changes) {
    needs[node] = kept
    gated[node] = true
  }
  return { ...core, needs, gated }
}

/** False when the search budget is used up. */
function spend(search: Search, core: Order): boolean {
  search.left -= core.needs.length
  return search.left >= 0
}

function countParallels(tree: Parameters<typeof primesOf>[0]): number {
  const parts = tree.kind === 'sequence' ? tree.parts : tree.kind === 'parallel' ? tree.branches : []
  return parts.reduce((sum, part) => sum + countParallels(part), tree.kind === 'parallel' ? 1 : 0)
}

function compareScores(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index])
  return at < 0 ? 0 : (one[at] as number) - (other[at] as number)
}

function renumber(tree: Tree, nodes: readonly number[]): Tree {
  if (tree.kind === 'step') return { kind: 'step', node: nodes[tree.node] as number }
  const inside = (part: Tree): Tree => renumber(part, nodes)
  if (tree.kind === 'sequence') return { kind: 'sequence', parts: tree.parts.map(inside) }
  return { kind: 'parallel', branches: tree.branches.map(inside) }
}

/** All combinations of `count` numbers below `size`, in lexical order. */
function* combinations(size: number, count: number, from = 0): Generator<number[]> {
  if (count === 0) return yield []
  for (let first = from; first <= size - count; first++) {
    for (const rest of combinations(size, count - 1, first + 1)) yield [first, ...rest]
  }
}

/** The Cartesian product. */
function* product<T>(lists: readonly T[][]): Generator<T[]> {
  const [first, ...rest] = lists
  if (!first) return yield []
  for (const one of first) for (const others of product(rest)) yield [one, ...others]
}
