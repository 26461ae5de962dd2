import { failureOf } from '../../domain/bounded.ts'
import type { Anchors } from '../../ports/anchors.ts'
import type { Ports } from '../../ports/index.ts'

type Needs = Pick<Ports, 'audit' | 'clock'> & { anchors: Anchors }

/** What a run has done. `misfits`: chains whose end does not fit an anchor that is there; `failed`: those that could not be anchored; each with what is wrong. */
export type Anchored = { anchored: number; misfits: string[]; failed: string[] }

/** How many chains are anchored at a time. */
const AT_ONCE = 8

/**
 * Writes an anchor for each chain that has moved since its last one, or for as many as can be begun before `until` (ms since the epoch). The failure of one
 * chain does not stop the others.
 */
export const anchorChains =
  ({ audit, anchors, clock }: Needs) =>
  async ({ until }: { until: number }): Promise<Anchored> => {
    const chains = await audit.listChains()
    const misfits: string[] = []
    const failed: string[] = []
    let anchored = 0
    const anchorNext = async (): Promise<void> => {
      for (let chain = chains.shift(); chain && clock.now().getTime() < until; chain = chains.shift()) {
        try {
          const outcome = await anchorChain({ audit, anchors, clock }, chain)
          if (outcome === 'anchored') anchored++
          else if (outcome !== 'unmoved') misfits.push(outcome)
        } catch (error) {
          failed.push(`${chain.tenant}: ${failureOf(error).message}`)
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, anchorNext))
    return { anchored, misfits: misfits.sort(), failed: failed.sort() }
  }

type Outcome = 'anchored' | 'unmoved' | (string & {})

async function anchorChain(
  { audit, anchors, clock }: Needs,
  { tenant, anchored }: { tenant: string; anchored: number },
): Promise<Outcome> {
  const end = await audit.endOf(tenant)
  const { sequence, hash } = end ?? { sequence: 0, hash: '' }
  if (sequence === anchored) return 'unmoved'
  if (sequence < anchored) return `${tenant}: the chain ends at ${sequence}, and has an anchor at ${anchored}`
  const anchor = { tenant, sequence, hash, at: clock.now().toISOString() }
  if (!(await anchors.write(anchor))) {
    // A run that ended before it could tell, or another one at the same time; or the chain was written anew (anchors/N3).
    const { anchors: [there] = [] } = await anchors.list(tenant, { from: sequence, limit: 1 })
    if (there?.anchor.hash !== hash)
      return `${tenant}: entry ${sequence} is another one than its anchor of ${there?.anchor.at} says`
  }
  await audit.markAnchored(tenant, sequence)
  return 'anchored'
}
