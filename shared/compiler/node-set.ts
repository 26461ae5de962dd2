/** A bit set of node numbers: the compiler needs fast unions and counts. */
export type NodeSet = Uint32Array

export const emptySet = (size: number): NodeSet => new Uint32Array((size + 31) >>> 5)

export function setOf(size: number, nodes: Iterable<number>): NodeSet {
  const set = emptySet(size)
  for (const node of nodes) addNode(set, node)
  return set
}

export function addNode(set: NodeSet, node: number): void {
  set[node >>> 5] = (set[node >>> 5] as number) | (1 << (node & 31))
}

export function hasNode(set: NodeSet, node: number): boolean {
  return ((set[node >>> 5] as number) & (1 << (node & 31))) !== 0
}

export function addAll(set: NodeSet, other: NodeSet): void {
  for (let word = 0; word < set.length; word++) set[word] = (set[word] as number) | (other[word] as number)
}

export function countCommon(one: NodeSet, other: NodeSet): number {
  let count = 0
  for (let word = 0; word < one.length; word++)
    count += countBits((one[word] as number) & (other[word] as number))
  return count
}

/** Population count by Hacker's Delight, figure 5-2. */
function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
