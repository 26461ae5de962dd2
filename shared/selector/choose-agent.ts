import type { Agent } from '../domain/agent.ts'
import type { Decision } from '../domain/plan.ts'
import type { Prefer } from '../domain/prefer.ts'
import { seededRandom } from '../domain/random.ts'
import { noSums, type Sums } from './decayed-counters.ts'
import { type Candidate, capabilityMean, type Score, scoreAgents, weightsFor } from './score-agents.ts'

/** What is known of an agent that could take the step. */
export type Knowledge = {
  /** Of this agent at the step's capability. */
  sums: Sums
  /** Of this agent at everything that it does. */
  overall: Sums
  inflight: number
  /** Seconds, and US dollars, that one call in ten needs at least; undefined as long as nothing is known. */
  p90Seconds?: number | undefined
  p90CostUsd?: number | undefined
  /** Why it may not be asked at the moment. */
  refusal?: string | undefined
}

/**
 * Why an agent is not chosen: it offers something `else`, it is `unfit` for the step, the task has not the `money` or the `time`, it was `tried`, or it is `busy`,
 * which may be otherwise in a minute.
 */
export type Refusal = { kind: 'else' | 'unfit' | 'money' | 'time' | 'tried' | 'busy'; reason: string }

export type SelectionRequest = {
  stepId: string
  capability?: string | undefined
  /** One agent and no other, optionally `id@version`. */
  pinned?: string | undefined
  agents: readonly Agent[]
  /** By agent; one that is not in it is new. */
  knowledge?: ReadonlyMap<string, Knowledge>
  /** The same seed draws the same samples: an equal request has an equal answer. */
  seed: string
  prefer?: Prefer | undefined
  tenant?: string | undefined
  /** What is left for the step of the task's budget and of its time. */
  left?: { usd?: number | undefined; tokens?: number | undefined; seconds?: number | undefined } | undefined
  /** Agents that may not be chosen, with the reason: those that failed this step already. */
  excluded?: ReadonlyMap<string, string>
  /** Whether one that is busy will do where nobody else is left: the step waits for it at its door. */
  mayWait?: boolean
}

export type Selection =
  | { agent: Agent; decision: Decision }
  | { agent?: undefined; refusals: (Refusal & { agentId: string })[] }

const UNKNOWN: Knowledge = { sums: noSums(), overall: noSums(), inflight: 0 }
/** Of an agent that does not say: what one function is given of an account's concurrency. */
const DEFAULT_CONCURRENCY = 1_000

/**
 * The agent for a step. First whoever must not or cannot is left out, each with the reason; then the best score of those that are
 * left. The decision tells of every agent that offers what is wanted.
 */
export function chooseAgent(request: SelectionRequest): Selection {
  const { stepId, agents, seed, prefer, mayWait = true, knowledge = new Map<string, Knowledge>() } = request
  const judged = agents.map((agent) => {
    const known = knowledge.get(agent.id) ?? UNKNOWN
    return { agent, known, refusal: refusalOf(agent, known, request) }
  })
  const free = judged.filter(({ refusal }) => refusal === undefined)
  const busy = mayWait ? judged.filter(({ refusal }) => refusal?.kind === 'busy') : []
  const eligible = free.length > 0 ? free : busy
  const candidates = eligible
    .map(({ agent, known }) => candidateOf(agent, known))
    .sort((a, b) => (a.agentId < b.agentId ? -1 : 1))
  const scores = scoreAgents(candidates, seededRandom(seed), weightsFor(prefer))
  const [best, second] = scores
  const chosen = eligible.find(({ agent }) => agent.id === best?.agentId)?.agent
  if (!best || !chosen) {
    return {
      refusals: judged.flatMap(({ agent, refusal }) => (refusal ? [{ agentId: agent.id, ...refusal }] : [])),
    }
  }
  const decision: Decision = {
    stepId,
    capability: capabilityFor(chosen, request),
    chosen: chosen.id,
    reason: second ? reasonBetween(best, second) : 'the only eligible agent',
    ...(second ? { expectedQuality: rounded(capabilityMean(candidates)), seed } : {}),
    candidates: judged
      .filter(({ agent }) => isCandidate(agent, request))
      .map(({ agent, known, refusal }) => {
        const score = second && scores.find(({ agentId }) => agentId === agent.id)
        return {
          agentId: agent.id,
          eligible: eligible.some((one) => one.agent === agent),
          ...(refusal && UNASKABLE.includes(refusal.kind) ? { unfit: true as const } : {}),
          reason: refusal?.reason ?? 'eligible',
          load: rounded(known.inflight),
          costUsd: expectedCost(agent, known),
          ...(score ? { score: partsOf(score) } : {}),
        }
      }),
  }
  return { agent: chosen, decision }
}

function candidateOf(agent: Agent, known: Knowledge): Candidate {
  return {
    agentId: agent.id,
    sums: known.sums,
    overall: known.overall,
    costUsd: expectedCost(agent, known),
    inflight: known.inflight,
    maxConcurrency: agent.limits.maxConcurrency ?? DEFAULT_CONCURRENCY,
  }
}

/** What its calls have cost of late; what it says of itself is worth one call. */
function expectedCost({ price }: Agent, { sums }: Knowledge): number {
  return (sums.costUsd + price.perCallUsd) / (sums.count + 1)
}

/** What the agent is asked to do: the step's capability, or a pinned agent's first. */
function capabilityFor(agent: Agent, request: Pick<SelectionRequest, 'capability'>): string {
  return request.capability ?? agent.capabilities[0]?.name ?? ''
}

/** Agents that the step could be about: the others are no news in a decision. */
function isCandidate(agent: Agent, { capability, pinned }: SelectionRequest): boolean {
  return capability === undefined ? agent.id === parsePin(pinned).id : offers(agent, capability)
}

/** `id`, or `id@1.2.3`, or as much of the version as matters: `id@1`. */
function parsePin(pinned = ''): { id: string; version: string | undefined } {
  const [id = '', version] = pinned.split('@')
  return { id, version }
}

const isVersion = (version: string, wanted: string): boolean =>
  version === wanted || version.startsWith(`${wanted}.`)

/** What keeps it from the step however long one waits. */
const UNASKABLE: readonly Refusal['kind'][] = ['else', 'unfit', 'money', 'time']

const offers = ({ capabilities }: Agent, capability: string): boolean =>
  capabilities.some(({ name }) => name === capability)

/** The first reason why an agent may not be chosen, from what never changes to what may be otherwise in a minute. */
function refusalOf(agent: Agent, known: Knowledge, request: SelectionRequest): Refusal | undefined {
  const { capability } = request
  if (capability && !offers(agent, capability))
    return { kind: 'else', reason: `does not offer ${capability}` }
  const unfit = unfitFor(agent, request)
  if (unfit !== undefined) return { kind: 'unfit', reason: unfit }
  const { left = {}, excluded } = request
  const cost = mostCost(agent, known)
  if (left.usd !== undefined && cost > left.usd)
    return { kind: 'money', reason: `may cost ${cost} USD, and ${left.usd} USD are left` }
  const { mostTokens = 0 } = agent.price
  if (left.tokens !== undefined && mostTokens > left.tokens)
    return { kind: 'money', reason: `may use ${mostTokens} tokens, and ${left.tokens} are left` }
  const { p90Seconds = 0 } = known
  if (left.seconds !== undefined && p90Seconds > left.seconds) {
    const reason = `takes ${p90Seconds.toPrecision(2)} s in one of ten calls, and ${left.seconds} s are left`
    return { kind: 'time', reason }
  }
  const tried = excluded?.get(agent.id)
  if (tried !== undefined) return { kind: 'tried', reason: tried }
  return known.refusal === undefined ? undefined : { kind: 'busy', reason: known.refusal }
}

function unfitFor(agent: Agent, { pinned, prefer, tenant }: SelectionRequest): string | undefined {
  const pin = parsePin(pinned)
  if (pin.id && agent.id !== pin.id) return `the step pins ${pinned}`
  if (pin.version && !isVersion(agent.version, pin.version))
    return `the step pins ${pinned}, this is version ${agent.version}`
  if (agent.status !== 'active') return `is ${agent.status}`
  const missing = prefer?.tags?.filter((tag) => !agent.tags.includes(tag)) ?? []
  if (missing.length > 0) return `has not the tag ${missing.map((tag) => `"${tag}"`).join(', ')}`
  if (agent.tenants && tenant !== undefined && !agent.tenants.includes(tenant))
    return `does not work for tenant ${tenant}`
  return undefined
}

/** Where an agent does not say the most that a call costs, what it has needed. */
function mostCost({ price }: Agent, { p90CostUsd = 0 }: Knowledge): number {
  return price.mostUsd ?? Math.max(price.perCallUsd, p90CostUsd)
}

function partsOf({ total, mean, sample, seconds }: Score) {
  return { total: rounded(total), quality: rounded(mean), sample: rounded(sample), seconds: rounded(seconds) }
}

function reasonBetween(best: Score, second: Score): string {
  const parts = ({ total, sample, costUsd, seconds }: Score): string =>
    `${total.toFixed(2)} (quality ${sample.toFixed(2)}, ${costUsd === 0 ? 'free' : `${costUsd.toPrecision(2)} USD`}, ${seconds.toPrecision(2)} s)`
  return `best score: ${parts(best)} against ${parts(second)} of ${second.agentId}`
}

/** Enough to follow a decision, short enough to store. */
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4
