/**
 * Admission control: whether an agent may start on a step now, and which leases it holds while it works. An agent without rivals, limits
 * and budget is admitted without a call to the store.
 *
 * Invariants (tests cite them):
 * admission/T1 a refused attempt has started nothing and holds nothing: a slot taken before a later check failed is freed again
 * admission/T2 busy is not failed: the refusal by an agent at its limit does not count as an attempt
 * admission/T3 leases are released once, however the call ends; after a crash slots, trials and reservations expire
 * admission/T4 a breaker refuses a call only while another agent that offers the same capability is not refused. The fallbacks of a step are
 *    no such agents, because their output is another: an agent without rivals gets all the attempts of the step's `retry`
 */
import type { AgentManifest } from '../../domain/agent.ts'
import type { Breaker } from '../../domain/breaker.ts'
import { type Amount, NOTHING } from '../../domain/budget.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Decision } from '../../domain/plan.ts'
import type { Ownership, Plan, Ports } from '../../ports/index.ts'
import {
  admission,
  afterCall,
  afterFailedProbe,
  afterLostCall,
  beginTrial,
  breakerOf,
  type CallEnd,
  heldBack,
  type Pass,
} from '../../selector/breaker.ts'
import { slotsOfAgent } from '../agents/agent-knowledge.ts'
import type { CallBudget } from './call-budget.ts'
import { type HoldNeeds, holdBudget } from './hold-budget.ts'

type Needs = Pick<Ports, 'breakers' | 'limits'> & HoldNeeds

export type Applicant = {
  own: Ownership
  plan: Pick<Plan, 'budget' | 'tenant'>
  agentId: string
  manifest: Pick<AgentManifest, 'version' | 'limits' | 'price' | 'model' | 'needs'>
  /** Why the agent was chosen, with the other candidates. */
  decision: Decision | undefined
  /** The latest end of the call. */
  deadline: Date
}

export type { CallEnd }

type Release = (end: CallEnd | undefined, spent: Amount) => Promise<void>

export type Admitted = {
  /** Reports the outcome of the call, once; a call without an outcome says nothing about the agent. */
  end: Release
  /** What the call holds of its task's budget and its tenant's month; absent where neither is limited. */
  budget?: CallBudget
}

/** Leases (slots, trials, reservations) last this much longer than the call, because clocks differ. */
const LEASE_MARGIN_SECONDS = 30
const leaseUntil = (deadline: Date): number => Math.ceil(deadline.getTime() / 1_000) + LEASE_MARGIN_SECONDS
/** Retries of a conditional write of a breaker under contention. */
const MOST_TRIES = 20

/** Throws AgentUnavailableError, AgentBusyError or BudgetExceededError. Quotas, which cannot be returned, are taken last. */
export async function admit(ports: Needs, applicant: Applicant): Promise<Admitted> {
  const held: Release[] = []
  let budget: CallBudget | undefined
  try {
    for (const hold of [holdBreaker, holdSlot]) {
      const release = await hold(ports, applicant)
      if (release) held.push(release)
    }
    budget = await holdBudget(ports, { ...applicant, until: leaseUntil(applicant.deadline) })
    const { end } = budget ?? {}
    if (end) held.push((_end, spent) => end(spent))
    await takeRates(ports, applicant)
  } catch (refusal) {
    await Promise.all(held.map((release) => release(undefined, NOTHING)))
    throw refusal
  }
  return {
    async end(end, spent) {
      await Promise.all(held.splice(0).map((release) => release(end, spent)))
    },
    ...(budget ? { budget } : {}),
  }
}

/**
 * Reports the failed call of a crashed worker to its agent's breaker, since the worker cannot. `isRegistered`: `version` is the one that the
 * registry has now, so its breaker may begin with this call (breaker/K8): the calls of a version that always crashes are all lost.
 */
export async function tellLostCall(
  ports: Pick<Ports, 'breakers' | 'clock'>,
  lost: Pick<Applicant, 'own' | 'agentId' | 'decision'> & {
    version: string
    isRegistered: boolean
    beganAt: string
  },
  end: CallEnd,
): Promise<void> {
  if (rivalsOf(lost).length < 2) return
  const call = { beganAt: Date.parse(lost.beganAt) / 1_000, trialId: holderOf(lost.own) }
  const { agentId: id, version, isRegistered } = lost
  // An agent that is no longer registered.
  if (version === '') return
  await changeBreaker(ports, { id, version, mayBegin: isRegistered }, (breaker, now) =>
    afterLostCall(breaker, call, end, now),
  )
}

/** Reports to the breaker of an agent elsewhere that it is not well (breaker/K9). */
export const tellProbe = (
  ports: Pick<Ports, 'breakers' | 'clock'>,
  { id, version }: { id: string; version: string },
): Promise<void> => changeBreaker(ports, { id, version }, afterFailedProbe)

type Hold = (ports: Needs, applicant: Applicant) => Promise<Release | undefined>

/** An agent without rivals has no breaker: there would be no other agent to fail over to (admission/T4). */
const holdBreaker: Hold = async (ports, { own, agentId, decision, deadline, manifest: { version } }) => {
  const rivals = rivalsOf({ agentId, decision })
  if (rivals.length < 2) return undefined
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const all = await ports.breakers.find(rivals)
    const now = secondsOf(ports)
    const kept = all.get(agentId)
    if (!kept) return undefined
    const breaker = breakerOf(kept.breaker, version)
    const admitted = admission(breaker, now)
    const pass: Pass = { generation: breaker.generation }
    const states = new Map([...all].map(([id, one]) => [id, id === agentId ? breaker : one.breaker]))
    if (admitted === 'refused' && heldBack(states, now).has(agentId)) throw unavailable(agentId)
    if (admitted === 'trial') {
      pass.trialId = holderOf(own)
      const trying = beginTrial(breaker, pass.trialId, leaseUntil(deadline))
      // Another call has started its trial or changed the breaker since: that may refuse this call, or let it pass without a trial.
      if (!(await ports.breakers.replace(agentId, kept.revision, trying))) continue
    }
    return async (end) => {
      // Nothing to write: the breaker was closed without failures, and the call has not failed.
      if (end?.succeeded !== false && admitted !== 'trial' && breaker.consecutiveFailures === 0) return
      const agent = { id: agentId, version, generation: pass.generation }
      await changeBreaker(ports, agent, (current, at) => afterCall(current, pass, end, at))
    }
  }
  throw unavailable(agentId)
}

/** The agent with the other candidates for the step. */
function rivalsOf({ agentId, decision }: Pick<Applicant, 'agentId' | 'decision'>): string[] {
  const fit = (decision?.candidates ?? []).filter(({ unfit }) => !unfit)
  return [...new Set([agentId, ...fit.map((candidate) => candidate.agentId)])]
}

type Caller = { id: string; version: string; generation?: number; mayBegin?: boolean }

/**
 * Applies a change to the breaker. `generation` is that of the breaker that admitted the call, so that calls of an
 * earlier version change nothing (breaker/K8). For a lost call it is unknown: then `mayBegin` says whether the call may
 * replace the breaker of another version.
 */
async function changeBreaker(
  ports: Pick<Ports, 'breakers' | 'clock'>,
  { id: agentId, version, generation, mayBegin = true }: Caller,
  change: (breaker: Breaker, now: number) => Breaker,
): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const current = (await ports.breakers.find([agentId])).get(agentId)
    if (!current) return
    const before = breakerOf(current.breaker, version)
    if (!mayBegin && before !== current.breaker) return
    if (generation !== undefined && before.generation !== generation) return
    const after = change(before, secondsOf(ports))
    if (after === before) return
    if (await ports.breakers.replace(agentId, current.revision, { ...after, version })) return
  }
}

const secondsOf = ({ clock }: Pick<Ports, 'clock'>): number => clock.now().getTime() / 1_000

/** Identifies a call in leases that outlive its worker, so that the next owner of the step can find them. */
const holderOf = ({ taskId, path, fence }: Pick<Ownership, 'taskId' | 'path' | 'fence'>): string =>
  `${taskId} ${path} ${fence}`

const holdSlot: Hold = async ({ limits }, { own, agentId, manifest, deadline }) => {
  const { maxConcurrency } = manifest.limits
  if (maxConcurrency === undefined) return undefined
  const scope = slotsOfAgent({ id: agentId })
  const id = holderOf(own)
  const until = leaseUntil(deadline)
  if (await limits.takeSlot(scope, { id, until }, maxConcurrency))
    return async () => limits.freeSlot(scope, id)
  throw busy(`agent ${agentId} is at its limit of ${maxConcurrency} calls at once`)
}

/** A rate quota that was taken is not returned, however the call ends. */
async function takeRates({ limits, clock }: Needs, { agentId, manifest }: Applicant): Promise<void> {
  const { limits: declared, price, model } = manifest
  const { ratePerMinute } = declared
  if (ratePerMinute !== undefined && !(await limits.takeRate(`agent:${agentId}`, 1, ratePerMinute)))
    throw busy(`agent ${agentId} is at its limit of ${ratePerMinute} calls a minute`, untilNextMinute(clock))
  if (model?.tokensPerMinute === undefined || price.mostTokens === undefined) return
  const { name, tokensPerMinute } = model
  // A call larger than the quota of a minute takes all of it.
  const tokens = Math.min(price.mostTokens, tokensPerMinute)
  if (!(await limits.takeRate(`model:${name}`, tokens, tokensPerMinute)))
    throw busy(`model ${name} is at its limit of ${tokensPerMinute} tokens a minute`, untilNextMinute(clock))
}

export const untilNextMinute = ({ now }: Ports['clock']): { waitSeconds: number } => ({
  waitSeconds: 60 - Math.floor((now().getTime() / 1_000) % 60),
})

const busy = (message: string, details = {}): OrchestratorError =>
  new OrchestratorError('AgentBusyError', message, details)

function unavailable(agentId: string): OrchestratorError {
  const message = `agent ${agentId} has failed again and again and is not asked for now`
  return new OrchestratorError('AgentUnavailableError', message)
}
