import type { Agent } from '../domain/agent.ts'
import type { Decision } from '../domain/plan.ts'
import type { Prefer } from '../domain/prefer.ts'
import { seededRandom } from '../domain/random.ts'
import { isCalled } from '../domain/tenants.ts'
import { suspendsFor } from '../workflow/suspends-of.ts'
import { noSums, type Sums } from './decayed-counters.ts'
import { type Candidate, capabilityMean, type Score, scoreAgents, weightsFor } from './score-agents.ts'

/** Statistics and state of a candidate. */
export type Knowledge = {
  /** The agent's sums at the step's capability. */
  sums: Sums
  /** The agent's sums over all capabilities. */
  overall: Sums
  inflight: number
  /** The 90th percentiles of duration (seconds) and cost (US dollars); undefined without calls. */
  p90Seconds?: number | undefined
  p90CostUsd?: number | undefined
  /** Why the agent cannot be called at the moment. */
  refusal?: string | undefined
}

/**
 * Why an agent is not chosen: it offers something `else`, it is `unfit` for the step, the task lacks the `money` or the `time`, it was
 * `tried` before, or it is `busy`, which is temporary.
 */
export type Refusal = { kind: 'else' | 'unfit' | 'money' | 'time' | 'tried' | 'busy'; reason: string }

export type SelectionRequest = {
  stepId: string
  capability?: string | undefined
  /** Only this agent may be chosen, optionally `id@version`. */
  pinned?: string | undefined
  agents: readonly Agent[]
  /** By agent; a missing agent is new. */
  knowledge?: ReadonlyMap<string, Knowledge>
  /** The same seed draws the same samples, so that equal requests have equal answers. */
  seed: string
  prefer?: Prefer | undefined
  tenant?: string | undefined
  /** The remaining budget and time of the task. */
  left?: { usd?: number | undefined; tokens?: number | undefined; seconds?: number | undefined } | undefined
  /** Agents that may not be chosen, with the reason: they have failed this step already. */
  excluded?: ReadonlyMap<string, string>
  /** Whether a busy agent may be chosen when no other is left; the step then waits for it. */
  mayWait?: boolean
  /** Whether the step has the states of a suspension; an agent that suspends is unfit for one that has none. */
  maySuspend?: boolean
}

export type Selection =
  | { agent: Agent; decision: Decision }
  | { agent?: undefined; refusals: (Refusal & { agentId: string })[] }

const UNKNOWN: Knowledge = { sums: noSums(), overall: noSums(), inflight: 0 }
/** The assumed concurrency of an agent that declares none: Lambda's default for an account. */
const DEFAULT_CONCURRENCY = 1_000

/**
 * Chooses the agent for a step: filters out ineligible agents, each with the reason, and takes the best score among the others. The
 * decision lists every agent that offers the capability.
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

/** The recent mean cost of a call; the declared price weighs as much as one call. */
function expectedCost({ price }: Agent, { sums }: Knowledge): number {
  return (sums.costUsd + price.perCallUsd) / (sums.count + 1)
}

/** The capability to call: the step's, or the first of a pinned agent. */
function capabilityFor(agent: Agent, request: Pick<SelectionRequest, 'capability'>): string {
  return request.capability ?? agent.capabilities[0]?.name ?? ''
}

/** Whether an agent is listed in the decision. */
function isCandidate(agent: Agent, { capability, pinned }: SelectionRequest): boolean {
  return capability === undefined ? isCalled(agent.id, parsePin(pinned).id) : offers(agent, capability)
}

/** `id`, `id@1.2.3`, or a prefix of the version: `id@1`. */
function parsePin(pinned = ''): { id: string; version: string | undefined } {
  const [id = '', version] = pinned.split('@')
  return { id, version }
}

const isVersion = (version: string, wanted: string): boolean =>
  version === wanted || version.startsWith(`${wanted}.`)

/** Refusals that waiting does not change. */
const UNASKABLE: readonly Refusal['kind'][] = ['else', 'unfit', 'money', 'time']

const offers = ({ capabilities }: Agent, capability: string): boolean =>
  capabilities.some(({ name }) => name === capability)

/** The first reason why an agent cannot be chosen, from the most permanent to the most temporary. */
function refusalOf(agent: Agent, known: Knowledge, request: SelectionRequest): Refusal | undefined {
  const { capability } = request
  if (capability && !offers(agent, capability))
    return { kind: 'else', reason: `does not offer ${capability}` }
  const unfit = unfitFor(agent, request)
  if (unfit !== undefined) return { kind: 'unfit', reason: unfit }
  const { left = {}, excluded } = request
  const cost = mostCost(agent, known)
  if (left.usd !== undefined && cost > left.usd)
    return { kind: 'money', reason: `may cost ${short(cost)} USD, and ${short(left.usd)} USD are left` }
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

function unfitFor(
  agent: Agent,
  { pinned, prefer, tenant, capability, maySuspend = true }: SelectionRequest,
): string | undefined {
  const pin = parsePin(pinned)
  if (pin.id && !isCalled(agent.id, pin.id)) return `the step pins ${pinned}`
  if (pin.version && !isVersion(agent.version, pin.version))
    return `the step pins ${pinned}, this is version ${agent.version}`
  if (agent.status !== 'active') return `is ${agent.status}`
  const missing = prefer?.tags?.filter((tag) => !agent.tags.includes(tag)) ?? []
  if (missing.length > 0) return `has not the tag ${missing.map((tag) => `"${tag}"`).join(', ')}`
  if (agent.tenants?.length === 0 && tenant !== undefined)
    return `is not allowed for tenant ${tenant} (allowedAgents, allowedCapabilities of the stage)`
  if (agent.tenants && tenant !== undefined && !agent.tenants.includes(tenant))
    return `does not work for tenant ${tenant}`
  if (!maySuspend && suspendsFor(agent, capability)) return CANNOT_WAIT
  return undefined
}

const CANNOT_WAIT =
  'suspends, and the state machine of this workflow has no states for that here: it was made when no such agent was known; deploy again, or publish the next version of the workflow'

/** What was measured has many digits. */
const short = (usd: number): string => String(Number(usd.toPrecision(6)))

/** The declared maximum cost of a call, or else the measured one. */
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

/** Four decimals: precise enough to explain a decision, short enough to store. */
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4
