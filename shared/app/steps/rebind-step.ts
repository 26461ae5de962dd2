/**
 * What happens after an agent failed: the next agent, or the step's `onFailure`.
 *
 * Invariants (tests cite them):
 * rebind/B1 a step that turns out to have succeeded goes on; none of its work is repeated
 * rebind/B2 an agent that failed for good, by the policy in `retry`, is not called again for that step: the host has
 *    already used up the policy's attempts. So a step ends after finitely many attempts
 * rebind/B3 a failure that no agent can avoid (the input, a cancellation) does not fail over
 * rebind/B4 the record of a settled step is final before the answer is given
 * rebind/B5 a step that goes on, settled or succeeded, signals the gates that wait for it; one that ends the task does not
 * rebind/B6 the call is idempotent: a repeat (after a crash) returns the same answer, does not charge the chosen agent, and ends the task again
 * rebind/B7 when an agent has failed, a step with `fallback` tries only the named fallbacks, in that order; when its agents are only busy,
 *    the fallbacks are additional candidates
 * rebind/B8 busy is not failed: a step whose agents are all busy waits for them without using up candidates, up to a limit
 * rebind/B9 an exceeded budget or deadline ends the task, regardless of its steps' failure policies
 * rebind/B10 when a step has waited a minute and its agents are still known to be busy, the rebinder throws instead of choosing one, and
 *    its state retries later: a retry costs three events of the execution's history, fewer than a call of a busy agent
 * rebind/B11 an agent that has named a time for the next call, and has attempts left, is called again then, before any other; when the
 *    task's deadline comes first, it has failed for good
 * rebind/B13 an output that waits for its judge leads to an agent that can judge; where none is left, the step goes on with its checks, unless it says `atLeast`
 * rebind/B12 the record of a step that waits for its agents says why, since when, and until when where that is known; when its agent is
 *    called, it does no more
 */
import type { RebindAnswer, RebindPayload } from '../../contracts/step-payload.ts'
import { boundedText } from '../../domain/bounded.ts'
import { DEATHS, isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { executionArnOf } from '../../domain/execution-arn.ts'
import { failoverFacts, failureFacts, type LostFacts, type RebindFacts } from '../../domain/failure-facts.ts'
import type { Decision } from '../../domain/plan.ts'
import type { Attempt, Held, StepRecord } from '../../domain/step.ts'
import { superseded } from '../../domain/superseded.ts'
import { executionName, isOpenTask } from '../../domain/task.ts'
import type { Ownership, Plan, Ports } from '../../ports/index.ts'
import type { KnowledgeNeeds } from '../agents/agent-knowledge.ts'
import { settleDead } from '../limits/spend-budget.ts'
import { leaveSuspension } from '../suspending/leave-suspension.ts'
import { withinTenant } from '../tenants/within-tenant.ts'
import { answeredBefore, isRefusal, isSame } from './busy-waits.ts'
import { calledStep, chooseCapability } from './chosen-capability.ts'
import { failureInCause } from './failure-in-cause.ts'
import { hasMadeOutput, isForJudge, LATE } from './judging/for-judge.ts'
import { settleUnjudged } from './judging/settle-unjudged.ts'
import { noteLostAttempt } from './lost-attempt.ts'
import { type NextAgent, nextAgent, type Trouble } from './next-agent.ts'
import { bindingAt } from './plan-paths.ts'
import {
  endStep,
  type Failure,
  isPastDeadline,
  pastDeadline,
  type Situation as Settling,
  settledAs,
  settleFailure,
} from './settle-failure.ts'
import { signalGates } from './signal-gates.ts'

type Needs = Settling['ports'] &
  Pick<Ports, 'tasks' | 'plans' | 'gates' | 'executions' | 'budgets' | 'waits'> &
  KnowledgeNeeds
/** `turn`: how many agents the rebinder has chosen before; `capability`: what the step's expression for it has come to just now. */
type Situation = Settling & Trouble & { ports: Needs; turn: number; capability?: string }

/** Errors that would occur with any agent (rebind/B3). */
const NOT_MENDED_BY_ANOTHER = [
  'InvalidInputError',
  'CapabilityNotAllowedError',
  'BugError',
  'DeadlineExceededError',
]

/** A missing `turn` means the first. */
type Call = Omit<RebindPayload, 'turn'> & { turn?: number; owner: string }

/** Throws TaskCancelledError, StepFailedError when the failure must end the task, or AgentBusyError (rebind/B10). */
export const rebindStep =
  (all: Needs) =>
  async (
    { taskId, execution, path, fence, owner, error, turn = 0 }: Call,
    report: (facts: RebindFacts) => void = () => {},
    reportLost: (facts: LostFacts) => void = () => {},
  ): Promise<RebindAnswer> => {
    const [task, plan] = await Promise.all([all.tasks.findTask(taskId), all.plans.getPlan(taskId, execution)])
    const ports = withinTenant(all, plan.tenant)
    if (!task || !isOpenTask(task)) {
      throw new OrchestratorError(
        'TaskCancelledError',
        `task ${taskId} has ended (${task?.status ?? 'unknown'})`,
      )
    }
    const own = { taskId, path, owner, fence }
    // A step that is bound late, just before it runs, has no failure.
    const failure = error.Error === undefined ? LATE : failureInCause(error.Error, error.Cause)
    const before = (await ports.steps.findSteps(taskId, [path]))[0]
    const again = before && (await answeredBefore(ports, before, fence, turn))
    if (again) return again
    const boundTo = before?.agentId ?? bindingAt(plan, path)?.agentId
    const startedAt = before?.startedAt ?? ports.clock.now().toISOString()
    const taken = await ports.steps.takeOverStep(own, { ...(boundTo ? { agentId: boundTo } : {}), startedAt })
    if (taken.kind === 'superseded') throw superseded(path)
    // The attempt has crashed, or did not settle its reservation.
    if (plan.budget) await settleDead(ports.budgets, { taskId, path, holder: fence })
    const step = calledStep(plan, path, taken.step)
    const failed = taken.step.agentId
    const situation = { ports, task, plan, step, askAgainAt: before?.askAgainAt, own, turn }
    const decideAfter = (record: StepRecord): Promise<Decided> => {
      const known = isPastDeadline(ports, plan) ? pastDeadline(plan) : asNoted(record, failure)
      return decideCall({ ...situation, record, failure: known })
    }
    const record =
      taken.kind === 'final' ? taken.step : await withFailedAttempt(ports, plan, own, taken, failure)
    const executionArn = executionArnOf({ stateMachineArn: plan.stateMachineArn, name: executionName(task) })
    // Told before the decision, which may end the task.
    const [lost] = record.attempts.slice(taken.step.attempts.length)
    if (lost) {
      const { agentId, error } = lost
      reportLost({ executionArn, agentId, attempt: record.attempts.length, ...failureFacts(own, error) })
    }
    const { answer, decision } =
      taken.kind === 'final' ? { answer: settledAs(step, record) } : await decideAfter(record)
    if ('settled' in answer) await signalGates(ports, plan, path)
    await leaveSuspension({ ports, plan, own }, before, answer)
    const next = 'rebound' in answer ? answer.rebound.agentId : failed
    report({
      executionArn,
      attempt: taken.step.attempts.length + 1,
      failover: !isNoAttempt(failure) && next !== failed ? next : undefined,
      ...failoverFacts(own, record.attempts, decision),
    })
    return answer
  }

/** Records a failure that the host could not record itself, because it never ran or was killed. */
async function withFailedAttempt(
  ports: Needs,
  plan: Plan,
  own: Ownership,
  { step, before = step }: { step: StepRecord; before?: StepRecord },
  failure: Failure,
): Promise<StepRecord> {
  if (notedAttempt(step) || isNoAttempt(failure) || hasMadeOutput(before)) return step
  const id = step.agentId ?? 'unknown'
  const known = await ports.agents.findAgent(id)
  const agent = { id, version: known?.version ?? '', capabilities: known?.capabilities ?? [] }
  const record = { ...step, fence: before.fence }
  const lost = { own, plan, record, agent, isRegistered: known !== undefined, failure }
  const attempt = await noteLostAttempt(ports, lost)
  return { ...step, attempts: [...step.attempts, attempt] }
}

/** The recorded failure, because the name that left the host is for the state; of a seen death the one that has its last lines. */
function asNoted(record: StepRecord, failure: Failure): Failure {
  const noted = isNoAttempt(failure) ? undefined : notedAttempt(record)?.error
  return noted && !(DEATHS.includes(failure.name) && noted.name === failure.name) ? noted : failure
}

/**
 * The record of the current attempt. Compares the agent too, because two agents may have started in the same
 * millisecond.
 */
const notedAttempt = ({ attempts, startedAt, agentId }: StepRecord): Attempt | undefined =>
  attempts.findLast((attempt) => attempt.startedAt === startedAt && attempt.agentId === agentId)

const isNoAttempt = (failure: Failure): boolean =>
  failure === LATE || isRefusal(failure) || isSame(failure) || isForJudge(failure)

type Decided = { answer: RebindAnswer; decision?: Decision | undefined }

/** As {@link decide}; a step that begins first chooses its capability, where that is an expression (choice/C1). */
async function decideCall(situation: Situation): Promise<Decided> {
  const { ports, task, plan, own, failure } = situation
  try {
    const chosen = failure === LATE ? await chooseCapability(ports, task, plan, own.path) : undefined
    if (!chosen) return decide(situation)
    if (chosen.kind === 'skip')
      return { answer: await endStep(situation, { status: 'skipped', skipReason: chosen.reason }) }
    return decide({ ...situation, ...chosen, step: calledStep(plan, own.path, chosen) })
  } catch (thrown) {
    if (!isOrchestratorError(thrown, 'InvalidInputError', 'CapabilityNotAllowedError')) throw thrown
    return { answer: await settle({ ...situation, failure: thrown }) }
  }
}

async function decide(situation: Situation): Promise<Decided> {
  const { failure } = situation
  if (NOT_MENDED_BY_ANOTHER.includes(failure.name)) return { answer: await settle(situation) }
  const next = await nextAgent(situation)
  if ('failure' in next) {
    const unjudged = await settleUnjudged(situation, next.failure)
    return { answer: unjudged ?? (await settle({ ...situation, failure: next.failure })) }
  }
  return { answer: await rebound(situation, next), decision: next.decision }
}

/** The record names the new agent before it is called, so that a failure to start is attributed to it (rebind/B2). */
async function rebound(
  { ports, own, record, failure, turn, capability }: Situation,
  { agent, decision, waitSeconds }: NextAgent,
): Promise<RebindAnswer> {
  const now = ports.clock.now().toISOString()
  const taken = await ports.steps.takeOverStep(own, {
    agentId: agent.id,
    startedAt: now,
    reboundBy: own.fence,
    ...(decision ? { decision } : {}),
    ...(capability ? { capability } : {}),
    busySince: isRefusal(failure) ? (record.busySince ?? now) : undefined,
    held: heldBy({ now, record, failure, waitSeconds }),
  })
  if (taken.kind !== 'owned') throw superseded(own.path)
  return { rebound: { functionArn: agent.functionArn, agentId: agent.id, waitSeconds }, turn: turn + 1 }
}

/** rebind/B12; two invocations that met are no reason that concerns anybody. */
function heldBy({
  now,
  record,
  failure,
  waitSeconds,
}: Pick<Situation, 'record' | 'failure'> & { now: string; waitSeconds: number }): Held | undefined {
  if (waitSeconds <= 0 || failure === LATE || isSame(failure)) return undefined
  const until = new Date(Date.parse(now) + waitSeconds * 1_000).toISOString()
  const since = record.held?.since ?? (isRefusal(failure) ? record.busySince : undefined) ?? now
  return { reason: boundedText(failure.message), since, until }
}

/** No agent is left: the step's `onFailure` decides, unless the budget or deadline is exceeded (rebind/B9). */
function settle(situation: Situation): Promise<RebindAnswer> {
  const { failure, record, own } = situation
  const { agentId = record.agentId, judgeOf }: Partial<Attempt> = record.attempts.at(-1) ?? {}
  const by = agentId ? ` (${judgeOf === undefined ? 'agent' : 'judge'} ${agentId})` : ''
  const message = `step "${own.path}"${by}: ${failure.message}`
  return settleFailure(situation, { name: failure.name, message })
}
