import type { Agent } from '../../domain/agent.ts'
import type { ModelSettings } from '../../domain/model-settings.ts'
import { BUCKETS_IN_DECADE, type EpochCounters, type Subject } from '../../domain/statistics.ts'
import type { Ports } from '../../ports/index.ts'
import { breakerOf, heldBack } from '../../selector/breaker.ts'
import type { Knowledge, SelectionRequest } from '../../selector/choose-agent.ts'
import {
  addSums,
  epochsAt,
  histogramAt,
  quantileOf,
  type Sums,
  sumsAt,
} from '../../selector/decayed-counters.ts'

export type KnowledgeNeeds = Pick<Ports, 'agents' | 'loads' | 'statistics' | 'breakers' | 'limits' | 'clock'>

/** The ports that planning reads: agents with their statistics, and the workflows that a plan may call. */
export type PlanningNeeds = KnowledgeNeeds &
  Pick<Ports, 'workflows'> & {
    /** The models of the stage by name; absent where they are not known, so that no name of one is refused. */
    stageModels?: Readonly<Record<string, ModelSettings>>
  }

/** Statistics and state of each agent that offers a capability. */
export type KnowledgeOf = (capability: string | undefined) => ReadonlyMap<string, Knowledge>

/** The window of the load: steps bound to an agent within it approximate the calls that it has started in it. */
const LOAD_SECONDS = 300
/** The assumed duration of a call of an unknown agent. */
const DEFAULT_SECONDS = 2

/**
 * Reads once what the choice of agents for some capabilities needs. Agents without rivals are not looked up, because there is nothing to
 * choose, unless a budget or a deadline may rule them out or `evenAlone` is set.
 */
export async function knowledgeOf(
  ports: KnowledgeNeeds,
  agents: readonly Agent[],
  capabilities: Iterable<string>,
  left: SelectionRequest['left'] = {},
  { evenAlone = false }: { evenAlone?: boolean } = {},
): Promise<KnowledgeOf> {
  const fewest = evenAlone || Object.values(left).some((limit) => limit !== undefined) ? 1 : 2
  const active = agents.filter(({ status }) => status === 'active')
  const rivals = new Map(
    [...new Set(capabilities)].flatMap((capability): [string, Agent[]][] => {
      const offering = active.filter((agent) => agent.capabilities.some(({ name }) => name === capability))
      return offering.length >= fewest ? [[capability, offering]] : []
    }),
  )
  const contested = [...new Set([...rivals.values()].flat())]
  if (contested.length === 0) return () => new Map()
  const ids = contested.map(({ id }) => id)
  const limited = contested.filter(({ limits }) => limits.maxConcurrency !== undefined).map(slotsOfAgent)
  const [loads, doings, breakers, slots] = await Promise.all([
    ports.loads.loadsOf(ids),
    doingsOf(ports, contested),
    ports.breakers.find(ids),
    limited.length > 0 ? ports.limits.countSlots(limited) : new Map<string, number>(),
  ])
  const now = ports.clock.now().getTime() / 1_000

  return (capability = '') => {
    const group = rivals.get(capability) ?? []
    const states = group.flatMap(({ id, version }) => {
      const kept = breakers.get(id)
      return kept ? [[id, breakerOf(kept.breaker, version)] as const] : []
    })
    const held = heldBack(new Map(states), now)
    return new Map(
      group.map((agent): [string, Knowledge] => {
        const { id, limits } = agent
        const own = doings.get(id) ?? new Map<string, EpochCounters[]>()
        const overall = addSums([...own.values()].map((epochs) => sumsAt(epochs, now)))
        const epochs = own.get(capability) ?? []
        const taken = slots.get(slotsOfAgent(agent))
        const isFull = limits.maxConcurrency !== undefined && (taken ?? 0) >= limits.maxConcurrency
        const refusal = held.has(id)
          ? `has failed again and again; not asked for ${secondsLeft(breakers.get(id)?.breaker.openUntil, now)} s`
          : isFull
            ? `is at its limit of ${limits.maxConcurrency} calls at once`
            : undefined
        return [
          id,
          {
            sums: sumsAt(epochs, now),
            overall,
            inflight: taken ?? inflightOf(loads.get(id), overall),
            p90Seconds: atLeast(quantileOf(histogramAt(epochs, now, 'h'), 0.9)),
            p90CostUsd: atLeast(quantileOf(histogramAt(epochs, now, 'c'), 0.9)),
            ...(refusal ? { refusal } : {}),
          },
        ]
      }),
    )
  }
}

/** The lower bound of a bucket, so that no agent is ruled out by the bucket's width. */
const atLeast = (bound: number | undefined): number | undefined =>
  bound === undefined ? undefined : bound / 10 ** (1 / BUCKETS_IN_DECADE)

/** The scope of an agent's slots. */
export const slotsOfAgent = ({ id }: Pick<Agent, 'id'>): string => `agent:${id}`

/**
 * The counters of these agents, by capability. Until a version has been called, the counters of older releases, which
 * did not distinguish versions, are used instead: they expire a few days after the update.
 */
export async function doingsOf(
  { statistics, clock }: Pick<KnowledgeNeeds, 'statistics' | 'clock'>,
  agents: readonly Pick<Agent, 'id' | 'version' | 'capabilities'>[],
): Promise<Map<string, Map<string, EpochCounters[]>>> {
  const subjects = agents.flatMap(subjectsOf)
  const found = await statistics.find(
    [...subjects, ...subjects.map(withoutVersion)],
    epochsAt(clock.now().getTime() / 1_000),
  )
  const doings = new Map(agents.map(({ id }) => [id, new Map<string, EpochCounters[]>()]))
  for (const [at, { agentId, capability }] of subjects.entries()) {
    const own = found[at] ?? []
    const epochs = own.length > 0 ? own : (found[at + subjects.length] ?? [])
    if (epochs.length > 0) doings.get(agentId)?.set(capability, epochs)
  }
  return doings
}

export const subjectsOf = ({
  id,
  version,
  capabilities,
}: Pick<Agent, 'id' | 'version' | 'capabilities'>): Subject[] =>
  capabilities.map(({ name }) => ({ agentId: id, version, capability: name }))

/** The subject of the counters of releases without statistics by version. */
export const withoutVersion = ({ agentId, capability }: Subject): Subject => ({ agentId, capability })

/** The typical duration of an agent's call, measured or declared. */
export function typicalSecondsOf(
  { typicalSeconds = DEFAULT_SECONDS }: Pick<Agent, 'typicalSeconds'>,
  { sums: { latencySeconds, count } }: Pick<Knowledge, 'sums'>,
): number {
  // The declared duration weighs as much as one measured call, as the declared price does.
  return (latencySeconds + typicalSeconds) / (count + 1)
}

/** Calls in progress, by Little's law. */
export function inflightOf(load = 0, { latencySeconds, count }: Sums): number {
  return (load / LOAD_SECONDS) * (count > 0 ? latencySeconds / count : DEFAULT_SECONDS)
}

const secondsLeft = (until = 0, now: number): number => Math.max(1, Math.ceil(until - now))
