import type { Draw } from './draw.ts'
import type { Basis } from './estimate.ts'
import type { AgentDraws } from './simulate-step.ts'

export type DrawsOfAgent = AgentDraws & { basis: Basis }

/** The draws of a step that may call one of several capabilities: of each agent in the order of the failover, those of the worst of them. */
export function worstOfEach(each: readonly (readonly DrawsOfAgent[])[]): readonly DrawsOfAgent[] {
  const [only = [], ...others] = each
  if (others.length === 0) return only
  const most = Math.max(...each.map(({ length }) => length))
  return Array.from({ length: most }, (_, at) => {
    const [first, ...rest] = each.flatMap((draws) => draws[at] ?? [])
    return rest.reduce(worseOf, first as DrawsOfAgent)
  })
}

function worseOf(one: DrawsOfAgent, other: DrawsOfAgent): DrawsOfAgent {
  const most =
    (a: Draw, b: Draw): Draw =>
    (random) =>
      Math.max(a(random), b(random))
  const least = (a = Number.POSITIVE_INFINITY, b = Number.POSITIVE_INFINITY): number | undefined =>
    Math.min(a, b) === Number.POSITIVE_INFINITY ? undefined : Math.min(a, b)
  return {
    seconds: most(one.seconds, other.seconds),
    usd: most(one.usd, other.usd),
    tokens: most(one.tokens, other.tokens),
    usdPerSecond: Math.max(one.usdPerSecond, other.usdPerSecond),
    failureShare: Math.max(one.failureShare, other.failureShare),
    retryableShare: Math.min(one.retryableShare ?? 0, other.retryableShare ?? 0),
    maxConcurrency: least(one.maxConcurrency, other.maxConcurrency),
    basis: one.basis === other.basis ? one.basis : 'assumed',
  }
}
