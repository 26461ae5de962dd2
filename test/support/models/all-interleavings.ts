import { clientOf, type ImmediateTable, immediateTable } from '../stores/immediate-table.ts'
import { Interleaving } from './interleaving.ts'

export type Situation = {
  table: ImmediateTable
  world: Interleaving
}
export type Begun = {
  /** Called between any two operations. */
  check(): void
  /** State outside the table and the processes, such as the time. */
  describe?(): string
}
type Move = { at: number; dies?: boolean }

/**
 * Explores every interleaving of a few processes' operations on a table, with every possible death: the processes' own code,
 * restarted for each interleaving. A process is determined by the answers it got; so of all interleavings that lead to one state,
 * only one is continued.
 */
export async function exploreInterleavings(
  begin: (situation: Situation) => Begun,
  { deaths = 0 } = {},
): Promise<{ situations: number; orders: number }> {
  const seen = new Set<string>()
  const untried: Move[][] = [[]]
  let orders = 0
  for (let path = untried.pop(); path; path = untried.pop()) {
    orders += 1
    const moves = path
    let [step, died] = [0, 0]
    const table = immediateTable()
    const world: Interleaving = new Interleaving(clientOf(table), choose, { hearsAtOnce: true })
    const begun = begin({ table, world })
    function choose(waiting: number): Move | undefined {
      const known = moves[step++]
      if (known) {
        died += known.dies ? 1 : 0
        return known
      }
      const situation = JSON.stringify([itemsIn(table), world.describe(), begun.describe?.()])
      if (seen.has(situation)) return undefined
      seen.add(situation)
      const options: Move[] = Array.from({ length: waiting }, (_, at) => ({ at }))
      if (died < deaths) options.push(...options.map(({ at }) => ({ at, dies: true })))
      const [first, ...others] = options
      for (const other of others) untried.push([...moves, other])
      if (first) moves.push(first)
      return first
    }
    await world.run(begun.check)
  }
  return { situations: seen.size, orders }
}

const itemsIn = ({ items }: ImmediateTable): unknown[] => [...items].sort(([a], [b]) => (a < b ? -1 : 1))
