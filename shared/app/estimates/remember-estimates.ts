import type { KeptEstimate } from '../../domain/estimate.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import type { Ports } from '../../ports/index.ts'
import type { PlanningNeeds } from '../agents/agent-knowledge.ts'
import { withinTenant } from '../tenants/within-tenant.ts'
import { estimatePlan } from './estimate-plan.ts'
import { type Facts, factsOfInput } from './facts-of-input.ts'

type Needs = PlanningNeeds & Pick<Ports, 'prices' | 'ids'>
type Wanted = Parameters<typeof estimatePlan>[1]

/** Statistics change estimates slowly, so they are cached for a while. */
const KEPT_MILLISECONDS = 30_000
const MOST_KEPT = 200

/**
 * Estimates for tasks, cached so that equal plans of a tenant within half a minute share one. Estimates are best effort: a task that cannot be
 * estimated runs without one.
 */
export function rememberEstimates(
  all: Needs,
): (wanted: Omit<Wanted, 'seed'>, tenant: string) => Promise<KeptEstimate | undefined> {
  const kept = new Map<string, { at: number; estimate: Promise<KeptEstimate | undefined> }>()
  return async (wanted, tenant) => {
    const ports = withinTenant(all, tenant)
    const { workflow, bindings, children, input } = wanted
    const now = ports.clock.now().getTime()
    // The estimate depends on the input only through these facts.
    const facts = await factsOfInput(workflow, input, now / 1_000).catch(() => undefined)
    if (!facts) return undefined
    const agents = Object.entries(bindings).map(([place, { agentId }]) => [place, agentId])
    const key = ports.ids.digest(
      canonicalJson([tenant, workflow, agents, children ?? null, rounded(facts)] as Json),
    )
    const known = kept.get(key)
    if (known && Math.abs(now - known.at) < KEPT_MILLISECONDS) return known.estimate
    const oldest = kept.size >= MOST_KEPT ? kept.keys().next().value : undefined
    if (oldest !== undefined) kept.delete(oldest)
    const estimate = estimatePlan(ports, { ...wanted, facts, seed: workflow.name })
      .then(({ steps: _steps, ...rest }) => rest)
      .catch(() => undefined)
    kept.set(key, { at: now, estimate })
    return estimate
  }
}

/** Rounds waits, because a wait until a fixed time would change the cache key every second. */
const rounded = ({ waits, ...facts }: Facts): object => ({
  ...facts,
  waits: Object.fromEntries(Object.entries(waits).map(([place, seconds]) => [place, Math.round(seconds)])),
})
