import type { KeptEstimate } from '../domain/estimate.ts'
import { canonicalJson, type Json } from '../domain/json.ts'
import type { Ports } from '../ports/index.ts'
import type { KnowledgeNeeds } from './agent-knowledge.ts'
import { estimatePlan } from './estimate-plan.ts'

type Needs = KnowledgeNeeds & Pick<Ports, 'prices' | 'ids'>
type Wanted = Parameters<typeof estimatePlan>[1]

/** What agents have done changes an estimate slowly. */
const KEPT_MILLISECONDS = 30_000
const MOST_KEPT = 200

/**
 * Estimates as they are kept with tasks; equal plans within half a minute share one. An estimate is advice: a task that cannot be estimated is
 * run without.
 */
export function rememberEstimates(
  ports: Needs,
): (wanted: Omit<Wanted, 'seed'>) => Promise<KeptEstimate | undefined> {
  const kept = new Map<string, { at: number; estimate: Promise<KeptEstimate | undefined> }>()
  return (wanted) => {
    const { workflow, bindings, children, input } = wanted
    // Of the input only a fan-out or a wait may depend.
    const depends = JSON.stringify(workflow.steps).includes('$input') ? input : null
    const agents = Object.entries(bindings).map(([place, { agentId }]) => [place, agentId])
    const key = ports.ids.digest(canonicalJson([workflow, agents, children ?? null, depends ?? null] as Json))
    const now = ports.clock.now().getTime()
    const known = kept.get(key)
    if (known && now - known.at < KEPT_MILLISECONDS) return known.estimate
    const oldest = kept.size >= MOST_KEPT ? kept.keys().next().value : undefined
    if (oldest !== undefined) kept.delete(oldest)
    const estimate = estimatePlan(ports, { ...wanted, seed: workflow.name })
      .then(({ steps: _steps, ...rest }) => rest)
      .catch(() => undefined)
    kept.set(key, { at: now, estimate })
    return estimate
  }
}
