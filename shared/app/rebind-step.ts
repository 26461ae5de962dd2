/**
 * What happens after an agent failed: the next agent, or the step's `onFailure`.
 *
 * Invariants (tests cite them):
 * B1 a step that has succeeded after all goes on; nothing of it is done again
 * B2 an agent that failed for good is not asked again for that step; one that timed out only when nobody else is left,
 *    and at most `maxAttempts` times. So a step ends after finitely many attempts
 * B3 what no agent can mend (the input, a cancellation) is not tried on another
 * B4 the record of a settled step is final before the answer is given
 * B5 a step that goes on, settled or succeeded after all, signals the gates that wait for it; one that ends the task does not
 * B6 the same call again (a crash cut it off) has the same answer: the agent it has chosen is not charged with a failure
 *    that it never had, and a failure that ends the task still does
 * B7 when an agent has failed, a step with `fallback` goes to those that it names, in that order, and to nobody else; when its agents
 *    are only too busy, to those as well
 * B8 busy is not failed: a step whose agents are all too busy waits for them, and uses up no candidate; but not for ever
 * B9 a task out of budget, or past its deadline, ends with that, whatever its steps say of failures
 */

import { isSameEntry, type RebindAnswer, type RebindPayload } from '../contracts/step-payload.ts'
import type { Agent } from '../domain/agent.ts'
import { OrchestratorError } from '../domain/errors.ts'
import type { Decision } from '../domain/plan.ts'
import { preferring } from '../domain/prefer.ts'
import { seededRandom } from '../domain/random.ts'
import { type Attempt, isFinalStepStatus, type StepRecord } from '../domain/step.ts'
import { isOpenTask } from '../domain/task.ts'
import { secondsUntil } from '../domain/times.ts'
import type { Ownership, Plan, Ports } from '../ports/index.ts'
import { chooseAgent, type Refusal, type SelectionRequest } from '../selector/choose-agent.ts'
import type { AgentStep } from '../workflow/schema.ts'
import { type KnowledgeNeeds, knowledgeOf } from './agent-knowledge.ts'
import { capabilityWanted } from './capability-asked.ts'
import { noteLostAttempt } from './lost-attempt.ts'
import { messageInCause } from './message-in-cause.ts'
import { bindingAt, stepOf } from './plan-paths.ts'
import {
  type Failure,
  hasGoneOn,
  type Situation as Settling,
  settleFailure,
  superseded,
  verdictOf,
} from './settle-failure.ts'
import { signalGates } from './signal-gates.ts'
import { settleDead, stillToSpend } from './spend-budget.ts'

type Needs = Pick<Ports, 'tasks' | 'bus' | 'executions' | 'budgets'> & KnowledgeNeeds
type Situation = Settling & {
  ports: Needs
  step: AgentStep
  failure: Failure
  /** When an agent that was too busy wants to be asked again. */
  askAgainAt: string | undefined
}

/** Errors that another agent would meet as well (B3). */
const NOT_MENDED_BY_ANOTHER = ['InvalidInputError', 'BugError', 'DeadlineExceededError']
const TIMEOUTS = ['StepTimedOutError', 'States.Timeout', 'Sandbox.Timedout']
const LEAST_WAIT_SECONDS = 2
const MOST_WAIT_SECONDS = 60
/** Longer no step waits for agents that are too busy (B8): an execution's history is finite. */
const LONGEST_BUSY_SECONDS = 4 * 3_600
/** Longer than any agent may wish. */
const MOST_WISHED_SECONDS = 900
const LATE: Failure = { name: 'NoAgentError', message: 'nobody can run it' }
/** Whoever may be called as it pleases does not say so: what the account has of calls at once is used up. */
const THROTTLED = 'Lambda.TooManyRequestsException'

/** Throws TaskCancelledError, or StepFailedError when the failure must end the task. */
export const rebindStep =
  (ports: Needs) =>
  async ({
    taskId,
    execution,
    path,
    fence,
    owner,
    error,
  }: RebindPayload & { owner: string }): Promise<RebindAnswer> => {
    const [task, plan] = await Promise.all([
      ports.tasks.findTask(taskId),
      ports.tasks.getPlan(taskId, execution),
    ])
    if (!task || !isOpenTask(task)) {
      throw new OrchestratorError(
        'TaskCancelledError',
        `task ${taskId} has ended (${task?.status ?? 'unknown'})`,
      )
    }
    const own = { taskId, path, owner, fence }
    // Nothing has failed when a step is bound late, just before it runs.
    const failure =
      error.Error === undefined ? LATE : { name: error.Error, message: messageInCause(error.Cause) }
    const before = (await ports.tasks.findSteps(taskId, [path]))[0]
    const again = before && (await answeredBefore(ports, before, fence))
    if (again) return again
    const agentId = before?.agentId ?? bindingAt(plan, path)?.agentId
    const startedAt = before?.startedAt ?? ports.clock.now().toISOString()
    const taken = await ports.tasks.takeOverStep(own, { ...(agentId ? { agentId } : {}), startedAt })
    if (taken.kind === 'superseded') throw superseded(path)
    // It has died, or its own end was not told.
    if (plan.budget) await settleDead(ports.budgets, { taskId, path, holder: fence })
    const step = stepOf(plan, path)
    const answer =
      taken.kind === 'final'
        ? settledAs(step, taken.step)
        : await decide({
            ports,
            task,
            plan,
            step,
            record: await withFailedAttempt(ports, plan, own, taken, failure),
            askAgainAt: before?.askAgainAt,
            own,
            failure: isPastDeadline(ports, plan) ? pastDeadline(plan) : failure,
          })
    if ('settled' in answer) await signalGates(ports, plan, path)
    return answer
  }

/** What this very call has answered, when a crash or a retry brings it again (B6). */
async function answeredBefore(
  { registry }: Pick<Ports, 'registry'>,
  { status, reboundBy = '', agentId = '' }: StepRecord,
  fence: string,
): Promise<RebindAnswer | undefined> {
  if (status !== 'running' || reboundBy === '' || !isSameEntry(reboundBy, fence)) return undefined
  const agent = await registry.findAgent(agentId)
  return agent && { rebound: { functionArn: agent.functionArn, agentId, waitSeconds: 0 } }
}

/** The host notes its failures itself; one that it could not note (it never ran, or it was ended) is noted here. */
async function withFailedAttempt(
  ports: Needs,
  plan: Plan,
  own: Ownership,
  { step, before = step }: { step: StepRecord; before?: StepRecord },
  failure: Failure,
): Promise<StepRecord> {
  const noted = step.attempts.some(({ startedAt }) => startedAt === step.startedAt)
  if (noted || failure === LATE || isRefusal(failure) || failure.name === 'StepSupersededError') return step
  const id = step.agentId ?? 'unknown'
  const known = await ports.registry.findAgent(id)
  const agent = { id, capabilities: known?.capabilities ?? [] }
  const record = { ...step, fence: before.fence }
  const attempt = await noteLostAttempt(ports, { own, plan, record, agent, failure })
  return { ...step, attempts: [...step.attempts, attempt] }
}

async function decide(situation: Situation): Promise<RebindAnswer> {
  const { ports, plan, step, record, failure, own } = situation
  if (NOT_MENDED_BY_ANOTHER.includes(failure.name)) return settle(situation)
  if (hasWaitedLongEnough(situation)) return settle(situation)
  const agents = await ports.registry.listAgents({ fresh: true })
  // Nothing failed: two invocations met, and the later one stepped back. The same agent again.
  const same = agents.find(({ id }) => failure.name === 'StepSupersededError' && id === record.agentId)
  if (same) return rebound(situation, { agent: same }, 1)
  const planned = { capability: step.capability, pinned: step.agent }
  const fallbacks = step.fallback && fallbacksOf(step, agents)
  const hasFailed = attemptsOf(record).length > 0
  const others = fallbacks ? (hasFailed ? fallbacks : [planned, ...fallbacks]) : [planned]
  const left = await whatIsLeft(ports, plan)
  const capabilities = others.flatMap((wanted) => capabilityWanted(wanted, agents) ?? [])
  const knowledge = await knowledgeOf(ports, agents, capabilities, left)
  const excluded = new Map([...excludedAgents(record), ...tooDear(record, failure)])
  const refusals: Refusals = new Map()
  const choose = (wanted: Wanted, more: Partial<SelectionRequest>) => {
    const selection = chooseAgent({
      stepId: own.path,
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
  const pause = waitingSeconds(situation)
  const hasWaited = isRefusal(failure) && record.busySince !== undefined
  const isTried = ({ id }: Agent): boolean => attemptsOf(record).some(({ agentId }) => agentId === id)
  const tries: { among: Wanted[]; wait: number; more: Partial<SelectionRequest> }[] = [
    // At once, unless they have been too busy in turn already.
    {
      among: others,
      wait: hasWaited ? pause : 0,
      more: { excluded: withoutBusy(excluded, failure, record) },
    },
    // Whoever may be asked at all, after a while (B8).
    { among: others, wait: pause, more: { mayWait: true } },
    // Nobody is left: those that have only timed out once more (B2).
    {
      among: [planned, ...(fallbacks ?? [])],
      wait: isRefusal(failure) ? pause : 0,
      more: {
        agents: agents.filter(isTried),
        excluded: new Map([...exhaustedAgents(record, step), ...tooDear(record, failure)]),
        mayWait: true,
      },
    },
  ]
  for (const { among, wait, more } of tries) {
    for (const wanted of among) {
      const next = choose(wanted, more)
      if (next.agent) return rebound(situation, next, wait)
    }
  }
  return settle({ ...situation, failure: whyNobody(failure, refusals) })
}

type Wanted = { capability: string | undefined; pinned: string | undefined }
type Refusals = Map<string, Refusal>

/** Of several that were said of an agent, the first that is about what it can do at the moment. */
function noteRefusal(refusals: Refusals, { agentId, ...refusal }: Refusal & { agentId: string }): void {
  if (refusal.kind === 'else') return
  if ((refusals.get(agentId)?.kind ?? 'unfit') === 'unfit') refusals.set(agentId, refusal)
}

/** Where no agent has failed: what the step has met instead. */
function whyNobody(failure: Failure, refusals: Refusals): Failure {
  if (failure !== LATE && !isRefusal(failure)) return failure
  const all = [...refusals].filter(([, { kind }]) => kind !== 'unfit')
  const told = (all.length > 0 ? all : [...refusals]).map(([id, { reason }]) => `${id}: ${reason}`).join('; ')
  const poor = all.length > 0 && all.every(([, { kind }]) => kind === 'money')
  if (poor && failure.name !== 'BudgetExceededError')
    return { name: 'BudgetExceededError', message: `${told}; retry it with a larger budget` }
  return failure === LATE ? { ...LATE, message: `${LATE.message}: ${told || 'no agent offers it'}` } : failure
}

/** Not the agent's failure: it was not asked, or the task could not pay it. */
const REFUSALS = ['AgentBusyError', 'AgentUnavailableError', 'BudgetExceededError', THROTTLED]
const isRefusal = ({ name }: Failure): boolean => REFUSALS.includes(name)

/** Whoever the task could not pay is not asked again: it may want more than the registry knows. */
const tooDear = ({ agentId = '' }: StepRecord, { name, message }: Failure): [string, string][] =>
  name === 'BudgetExceededError' ? [[agentId, message]] : []

/** Whoever has just refused is asked again only after a while. */
function withoutBusy(
  excluded: ReadonlyMap<string, string>,
  failure: Failure,
  { agentId }: StepRecord,
): ReadonlyMap<string, string> {
  return agentId === undefined || !isRefusal(failure)
    ? excluded
    : new Map([...excluded, [agentId, failure.message]])
}

const secondsBusy = ({ ports, record }: Situation): number => {
  const now = ports.clock.now().getTime()
  return record.busySince === undefined ? 0 : (now - Date.parse(record.busySince)) / 1_000
}

const hasWaitedLongEnough = (situation: Situation): boolean =>
  isRefusal(situation.failure) && secondsBusy(situation) > LONGEST_BUSY_SECONDS

/**
 * The longer it has waited, the longer it waits; steps that wait for the same do not come all at once. Not before the agent wants to be
 * asked again, if it has said so.
 */
function waitingSeconds(situation: Situation): number {
  const { ports, own, askAgainAt } = situation
  const most = Math.min(MOST_WAIT_SECONDS, Math.max(LEAST_WAIT_SECONDS, secondsBusy(situation) / 2))
  const random = seededRandom(`${own.taskId} ${own.path} ${own.fence}`)
  const wished = askAgainAt === undefined ? 0 : Math.ceil(secondsUntil(askAgainAt, ports.clock.now()))
  return Math.max(1, Math.round(most * (0.5 + random() / 2)), Math.min(wished, MOST_WISHED_SECONDS))
}

/** Of the task's budget, with what others hold of it and may not need, and of its time. */
async function whatIsLeft(ports: Needs, plan: Plan): Promise<SelectionRequest['left']> {
  const { deadline } = plan
  return {
    ...(plan.budget ? await stillToSpend(ports.budgets, plan.taskId) : {}),
    seconds: deadline === undefined ? undefined : secondsUntil(deadline, ports.clock.now()),
  }
}

/** Whom a step names for when its agent has failed, in its order (B7): an agent for what the step wants of it, or a capability. */
function fallbacksOf({ fallback = [], capability }: AgentStep, agents: readonly Agent[]): Wanted[] {
  return fallback.map((entry) => {
    const agent = agents.find(({ id }) => id === entry)
    if (!agent) return { capability: entry, pinned: undefined }
    const isOffered = agent.capabilities.some(({ name }) => name === capability)
    return { capability: isOffered ? capability : undefined, pinned: entry }
  })
}

/** The record names the new agent before it runs: should its function never start, the failure is still its own (B2). */
async function rebound(
  { ports, own, record, failure }: Situation,
  { agent, decision }: { agent: Agent; decision?: Decision },
  waitSeconds: number,
): Promise<RebindAnswer> {
  const now = ports.clock.now().toISOString()
  const taken = await ports.tasks.takeOverStep(own, {
    agentId: agent.id,
    startedAt: now,
    reboundBy: own.fence,
    ...(decision ? { decision } : {}),
    busySince: isRefusal(failure) ? (record.busySince ?? now) : undefined,
  })
  if (taken.kind !== 'owned') throw superseded(own.path)
  return { rebound: { functionArn: agent.functionArn, agentId: agent.id, waitSeconds } }
}

/** Those since the task was retried last (Q4). */
const attemptsOf = ({ attempts, reopenedAt = '' }: StepRecord): Attempt[] =>
  attempts.filter(({ startedAt }) => startedAt >= reopenedAt)

/** Every agent that has failed this step. */
function excludedAgents(record: StepRecord): Map<string, string> {
  return new Map(
    attemptsOf(record).map(({ agentId, error }) => [agentId, `failed this step: ${error.message}`]),
  )
}

/** Those that may not be asked even when nobody else is left: failed for good, or timed out too often (B2). */
function exhaustedAgents(record: StepRecord, { retry }: AgentStep): Map<string, string> {
  const byAgent = Map.groupBy(attemptsOf(record), ({ agentId }) => agentId)
  const exhausted = [...byAgent].filter(
    ([, attempts]) =>
      attempts.length >= retry.maxAttempts || attempts.some(({ error }) => !TIMEOUTS.includes(error.name)),
  )
  return new Map(exhausted.map(([agentId]) => [agentId, 'failed this step for good']))
}

const isPastDeadline = ({ clock }: Pick<Ports, 'clock'>, { deadline }: Plan): boolean =>
  deadline !== undefined && secondsUntil(deadline, clock.now()) <= 0

const pastDeadline = ({ deadline }: Plan): Failure => ({
  name: 'DeadlineExceededError',
  message: `the task's deadline, ${deadline}, has passed`,
})

/** Nobody is left: the step's own policy decides, unless the task cannot pay it (B9). */
function settle(situation: Situation): Promise<RebindAnswer> {
  const { failure, record, own } = situation
  const agentId = record.attempts.at(-1)?.agentId ?? record.agentId
  const message = `step "${own.path}"${agentId ? ` (agent ${agentId})` : ''}: ${failure.message}`
  return settleFailure(situation, { name: failure.name, message })
}

/** How a step that has ended goes on; throws what ends the task (B6). */
function settledAs(step: AgentStep, record: StepRecord): RebindAnswer {
  const { path, status, error } = record
  if (!isFinalStepStatus(status)) throw new OrchestratorError('BugError', `${path} is not final`)
  if (status === 'succeeded' || status === 'skipped') return { settled: 'succeeded' }
  if (status === 'cancelled')
    throw new OrchestratorError('TaskCancelledError', `step "${path}" was cancelled`)
  if (hasGoneOn(step, record)) return { settled: 'failed' }
  throw verdictOf({ name: error?.name ?? '', message: error?.message ?? `step "${path}" failed` })
}
