/**
 * Chooses the next agent for a step whose agent has failed or was busy, and the wait before it. The invariants are those of
 * `rebind-step.ts`: rebind/B2, rebind/B7, rebind/B8, rebind/B9, rebind/B10, rebind/B11.
 */
import { isRetry } from '../../contracts/step-payload.ts'
import type { Agent } from '../../domain/agent.ts'
import { boundedText } from '../../domain/bounded.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { inPlaceOf } from '../../domain/in-place-of.ts'
import type { Decision } from '../../domain/plan.ts'
import { preferring } from '../../domain/prefer.ts'
import type { Attempt, StepRecord } from '../../domain/step.ts'
import { givenName, isCalled } from '../../domain/tenants.ts'
import { secondsUntil } from '../../domain/times.ts'
import { describeUnknownAgent } from '../../planner/issues-of-fallbacks.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import {
  chooseAgent,
  type Knowledge,
  type Refusal,
  type SelectionRequest,
} from '../../selector/choose-agent.ts'
import { mayCallAgain } from '../../workflow/retry-policy.ts'
import type { AgentStep } from '../../workflow/schema.ts'
import {
  type KnowledgeNeeds,
  type KnowledgeOf,
  knowledgeOf,
  typicalSecondsOf,
} from '../agents/agent-knowledge.ts'
import { capabilityWanted, fallbacksOf, type Wanted } from '../agents/capability-asked.ts'
import { mostOf } from '../limits/most-of-call.ts'
import { isShort, type Purse, stillToSpend } from '../limits/spend-budget.ts'
import { isToResume } from '../suspending/leave-suspension.ts'
import {
  hasWaitedLongEnough,
  isRefusal,
  isSame,
  SHORT_WAIT_SECONDS,
  secondsBusy,
  secondsUntilAsked,
  type Wait,
  waitingSeconds,
  withoutBusy,
} from './busy-waits.ts'
import { attemptsAtCall, forJudge, LATE } from './judging/for-judge.ts'
import { placeIn } from './plan-paths.ts'
import type { Failure } from './settle-failure.ts'

/** The step, its failure, and the attempts recorded so far. */
export type Trouble = Wait & {
  ports: KnowledgeNeeds & Pick<Ports, 'budgets' | 'steps'>
  plan: Plan
  step: AgentStep
}

export type NextAgent = { agent: Agent; decision?: Decision | undefined; waitSeconds: number }

/** The next agent, or the failure if there is none. Throws AgentBusyError when the rebinder's state should retry it in place (rebind/B10). */
export async function nextAgent(given: Trouble): Promise<NextAgent | { failure: Failure }> {
  const trouble = forJudge(given)
  const { ports, plan, step, record, failure, own } = trouble
  if (hasWaitedLongEnough(trouble)) return { failure }
  const agents = await ports.agents.listAgents({ fresh: true })
  const isOwn = isSame(failure) || (isRefusal(failure) && isToResume(record))
  const same = agents.find(({ id }) => isOwn && id === record.agentId)
  if (same) return { agent: same, waitSeconds: isSame(failure) ? 1 : waitingSeconds(trouble, 1) }
  const planned = { capability: step.capability, pinned: step.agent }
  const fallbacks = step.fallback && fallbacksOf(step, agents)
  const failed = failedAgents(record, step, failure)
  const others = fallbacks ? (failed.size > 0 ? fallbacks : [planned, ...fallbacks]) : [planned]
  const purse = plan.budget && (await stillToSpend(ports, plan.taskId))
  const left = { ...purse?.left, seconds: secondsLeft(ports, plan) }
  const capabilities = others.flatMap((wanted) => capabilityWanted(wanted, agents) ?? [])
  const isBusy = isRefusal(failure)
  const known = await knowledgeOf(ports, agents, capabilities, left, { evenAlone: isBusy })
  const knowledge: KnowledgeOf = (capability) =>
    isBusy && purse ? withoutMoney(known(capability), agents, purse) : known(capability)
  const knownOf = (wanted: Wanted, { id }: Agent): Knowledge | undefined =>
    knowledge(capabilityWanted(wanted, agents)).get(id)
  const excluded = new Map([...failed, ...tooDear(record, failure)])
  const refusals: Refusals = new Map()
  const choose = (wanted: Wanted, more: Partial<SelectionRequest>) => {
    const selection = chooseAgent({
      ...placeIn(plan, own.path),
      tenant: plan.tenant,
      prefer: preferring(plan.prefer, step.prefer),
      left,
      ...wanted,
      seed: `${own.taskId} ${own.path} ${own.fence}`,
      agents,
      excluded,
      knowledge: knowledge(capabilityWanted(wanted, agents)),
      mayWait: false,
      ...more,
    })
    if (!selection.agent) for (const refusal of selection.refusals) noteRefusal(refusals, refusal)
    return selection
  }
  const pause = (wanted: Wanted, agent: Agent): number =>
    waitingSeconds(trouble, secondsUntilFree(agent, knownOf(wanted, agent)))
  const hasWaited = isBusy && record.busySince !== undefined
  // This invocation is a retry of the rebinder's state.
  const isLook = hasWaited && isRetry(own.fence)
  const asked = agentThatAsked(trouble, agents)
  if (asked) {
    const alone = { agents: [asked.agent], excluded: new Map(), mayWait: true }
    if ([planned, ...(fallbacks ?? [])].some((wanted) => choose(wanted, alone).agent)) return asked
  }
  const tries: { among: Wanted[]; wait: typeof pause; more: Partial<SelectionRequest> }[] = [
    // Without a wait, unless all agents were busy in an earlier turn.
    {
      among: others,
      wait: hasWaited && !isLook ? pause : () => 0,
      more: { excluded: isLook ? excluded : withoutBusy(excluded, failure, record) },
    },
    // All agents that are not excluded, after a wait (rebind/B8).
    { among: others, wait: pause, more: { mayWait: true } },
  ]
  for (const { among, wait, more } of tries) {
    for (const wanted of among) {
      const next = choose(wanted, more)
      if (!next.agent) continue
      const refusal = knownOf(wanted, next.agent)?.refusal
      if (refusal !== undefined && isBusy && secondsBusy(trouble) >= SHORT_WAIT_SECONDS)
        return askAgainInPlace(trouble, `agent ${next.agent.id} ${refusal}`)
      const why = [...failed, ...passedOver(refusals), ...refusedNow(record, failure)]
      const told = { why, before: record.decision, isFallback: wanted !== planned }
      return {
        agent: next.agent,
        decision: decisionOf(next, record, told),
        waitSeconds: wait(wanted, next.agent),
      }
    }
  }
  const unknown = failure === LATE ? unknownPin(step, agents) : undefined
  if (unknown !== undefined) return { failure: { ...LATE, message: `${LATE.message}: ${unknown}` } }
  return { failure: whyNobody(failure, refusals, purse?.advice) }
}

/** Lets the rebinder's state retry, at a time that is not known here (rebind/B10, rebind/B12). */
async function askAgainInPlace({ ports, own, record }: Trouble, reason: string): Promise<never> {
  const { busySince: since = ports.clock.now().toISOString() } = record
  await ports.steps.noteStep(own, { held: { reason: boundedText(reason), since } })
  throw new OrchestratorError('AgentBusyError', reason)
}

/**
 * Excludes agents whose calls fit the budget only after other reservations are released; they count as busy
 * (rebind/B10).
 */
function withoutMoney(
  known: ReadonlyMap<string, Knowledge>,
  agents: readonly Agent[],
  { budget }: Purse,
): ReadonlyMap<string, Knowledge> {
  const dear = agents.filter((agent) => isShort(budget.available, mostOf(agent, budget.total).amount))
  const ids = new Set(dear.map(({ id }) => id))
  const refusal = 'waits for what others have reserved of the budget'
  return new Map([...known].map(([id, one]) => [id, ids.has(id) ? { refusal, ...one } : one]))
}

/** Why agents were refused that could have had the step. */
const passedOver = (refusals: Refusals): [string, string][] =>
  [...refusals].flatMap(([id, { kind, reason }]) => (kind === 'unfit' ? [] : [[id, reason]]))

/** Why the call of the agent at hand was not begun. */
const refusedNow = ({ agentId }: StepRecord, failure: Failure): [string, string][] =>
  agentId === undefined || !isRefusal(failure) ? [] : [[agentId, failure.message]]

type Refusals = Map<string, Refusal>
/** Keeps an agent's first refusal that concerns its current state. */
function noteRefusal(refusals: Refusals, { agentId, ...refusal }: Refusal & { agentId: string }): void {
  if (refusal.kind === 'else') return
  if ((refusals.get(agentId)?.kind ?? 'unfit') === 'unfit') refusals.set(agentId, refusal)
}

/** What to correct in a step that is bound late to an agent that does not exist. */
function unknownPin({ agent, capability }: AgentStep, agents: readonly Agent[]): string | undefined {
  const [name] = agent?.split('@') ?? []
  if (name === undefined || agents.some(({ id }) => isCalled(id, name))) return undefined
  const offers = ({ capabilities }: Agent) => capabilities.some((one) => one.name === capability)
  const able = capability === undefined ? agents : agents.filter(offers)
  return describeUnknownAgent(
    name,
    able.map(({ id }) => givenName(id)),
  )
}

/** The failure for a step without an eligible agent, when none has failed. */
function whyNobody(failure: Failure, refusals: Refusals, advice = ''): Failure {
  if (failure !== LATE && !isRefusal(failure)) return failure
  const all = [...refusals].filter(([, { kind }]) => kind !== 'unfit')
  const told = (all.length > 0 ? all : [...refusals]).map(([id, { reason }]) => `${id}: ${reason}`).join('; ')
  const poor = all.length > 0 && all.every(([, { kind }]) => kind === 'money')
  if (poor && failure.name !== 'BudgetExceededError')
    return { name: 'BudgetExceededError', message: `${told}; ${advice}` }
  return failure === LATE ? { ...LATE, message: `${LATE.message}: ${told || 'no agent offers it'}` } : failure
}

/** An agent that exceeded the task's budget is not called again: it may cost more than the registry says. */
const tooDear = ({ agentId = '' }: StepRecord, { name, message }: Failure): [string, string][] =>
  name === 'BudgetExceededError' ? [[agentId, message]] : []

/** When one of the running calls is expected to end. */
const secondsUntilFree = (agent: Agent, known: Knowledge | undefined): number =>
  known ? typicalSecondsOf(agent, known) / (agent.limits.maxConcurrency ?? 1) : 0

const secondsLeft = ({ clock }: Trouble['ports'], { deadline }: Plan): number | undefined =>
  deadline === undefined ? undefined : secondsUntil(deadline, clock.now())

/** The decision of a step whose output is judged stays that for the judged agent. */
const decisionOf = (
  next: { decision: Decision },
  { judging }: StepRecord,
  told: Parameters<typeof inPlaceOf>[1],
): Decision | undefined => (judging ? undefined : inPlaceOf(next.decision, told))

/** The agent that has failed and has named the time of its next call, unless the task ends before (rebind/B11). */
function agentThatAsked(
  { ports, plan, step, record, failure }: Trouble,
  agents: readonly Agent[],
): { agent: Agent; waitSeconds: number } | undefined {
  const last = record.attempts.at(-1)
  const agent = agents.find(({ id }) => id === record.agentId)
  if (!agent || last?.askAgainAt === undefined || last.startedAt !== record.startedAt) return undefined
  if (isRefusal(failure) || !mayCallAgain(step.retry, attemptsOf(record, agent.id))) return undefined
  const waitSeconds = secondsUntilAsked(ports, last)
  const isInTime = waitSeconds < (secondsLeft(ports, plan) ?? Number.POSITIVE_INFINITY)
  return isInTime ? { agent, waitSeconds } : undefined
}

const attemptsOf = (record: StepRecord, id: string): Attempt[] =>
  attemptsAtCall(record).filter(({ agentId }) => agentId === id)

/**
 * The agents that have failed this step for good (rebind/B2). A failure that reaches the rebinder is one that no state retries, so an agent
 * with attempts that was left for another has failed; the agent at hand may have attempts left when it was merely refused now.
 */
function failedAgents(record: StepRecord, { retry }: AgentStep, failure: Failure): Map<string, string> {
  const byAgent = Map.groupBy(attemptsAtCall(record), ({ agentId }) => agentId)
  const failed = [...byAgent].filter(
    ([agentId, attempts]) =>
      !mayCallAgain(retry, attempts) ||
      agentId !== record.agentId ||
      (failure !== LATE && !isRefusal(failure)),
  )
  const why = (attempts: Attempt[]) => `failed this step: ${attempts.at(-1)?.error.message}`
  return new Map(failed.map(([agentId, attempts]) => [agentId, why(attempts)]))
}
