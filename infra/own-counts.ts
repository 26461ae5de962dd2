/**
 * The counters that the host of an agent may change: those of this agent, so that the code of one makes no other look better or worse than it
 * is, opens no breaker of another and takes none of its slots.
 */
import type { Grant } from '../shared/contracts/grants.ts'
import { COUNTER_KEYS } from '../shared/contracts/table-layout.ts'
import type { AgentManifest } from '../shared/domain/agent.ts'
import { qualifiedName } from '../shared/domain/tenants.ts'
import { JUDGE } from '../shared/workflow/evaluation/check-judgement.ts'

/** An agent, by the id that it has in the registry. */
export type CountedAgent = {
  readonly id: string
  /** Whether it judges outputs: then it also counts for the agents that have made them. */
  readonly judges: boolean
}

/** `tenant` is the one that registers the agent; none for an agent of the stage. */
export const countedAgent = (
  { id, capabilities }: Pick<AgentManifest, 'id' | 'capabilities'>,
  tenant?: string,
): CountedAgent => ({
  id: tenant === undefined ? id : qualifiedName(tenant, id),
  judges: capabilities.some(({ name }) => name === JUDGE),
})

const WRITE = /^dynamodb:(?:Put|Update|Delete)Item$/
const COUNTERS: readonly string[] = Object.values(COUNTER_KEYS)

/** A grant to change counters as one to change those of the agent; every other grant as it is. */
export const ownCounts = (grant: Grant, agent: CountedAgent): Grant[] => [
  ...withoutCounts(grant),
  ...countsAlone(grant, agent),
]

/** What a grant allows besides changing counters. */
export function withoutCounts(grant: Grant): Grant[] {
  const { on } = grant
  if (on.kind !== 'table' || !changesCounters(grant)) return [grant]
  const keys = (on.keys ?? []).filter((key) => !COUNTERS.includes(key))
  return keys.length > 0 ? [{ ...grant, on: { ...on, keys } }] : []
}

/** What a grant allows of changing counters, for those of the agent. */
export function countsAlone(grant: Grant, agent: CountedAgent): Grant[] {
  const { on } = grant
  if (on.kind !== 'table' || !changesCounters(grant)) return []
  const { keys = [], ...place } = on
  const only = keys.flatMap((key) => patternsOf(agent)[key] ?? [])
  return [{ ...grant, on: { ...place, only } }]
}

const changesCounters = ({ actions, on }: Grant): boolean =>
  on.kind === 'table' &&
  actions.some((action) => WRITE.test(action)) &&
  (on.keys ?? []).some((key) => COUNTERS.includes(key))

/** Patterns by the prefix that they are of. A tenant's own counters of a common agent have the tenant and a colon before its id (within/W3). */
function patternsOf({ id, judges }: CountedAgent): Readonly<Record<string, readonly string[]>> {
  const { statistics, breaker, slots, rate } = COUNTER_KEYS
  return {
    [statistics]: judges ? [`${statistics}*`] : [`${statistics}*#${id}@*`, `${statistics}*#*:${id}@*`],
    [breaker]: [`${breaker}${id}`, `${breaker}*:${id}`],
    [slots]: [`${slots}agent:${id}`],
    [rate]: [`${rate}agent:${id}`, `${rate}model:*`],
  }
}
