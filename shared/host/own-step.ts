import type { DefinedAgent } from '../agent/index.ts'
import { settleDead } from '../app/limits/spend-budget.ts'
import { roleIn } from '../app/steps/judging/for-judge.ts'
import { DIED, hasLostAttempt, noteLostAttempt } from '../app/steps/lost-attempt.ts'
import { bindingAt, stepOf } from '../app/steps/plan-paths.ts'
import { recordsOfNeeds } from '../app/steps/resolve-step.ts'
import { type Failure, hasGoneOn } from '../app/steps/settle-failure.ts'
import { signalGates } from '../app/steps/signal-gates.ts'
import { writeStepState } from '../app/steps/state/step-state.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { executionArnOf } from '../domain/execution-arn.ts'
import { failureFacts } from '../domain/failure-facts.ts'
import { attemptNumber, type Receipt, receiptOf } from '../domain/step.ts'
import { superseded } from '../domain/superseded.ts'
import { executionName, FIRST_EXECUTION } from '../domain/task.ts'
import type { Plan } from '../ports/index.ts'
import { retriedKinds } from '../workflow/retry-policy.ts'
import { type AgentStep, DEFAULT_TIMEOUT_SECONDS } from '../workflow/schema.ts'
import type { Asked } from './asked-input.ts'
import type { HostPorts } from './host-ports.ts'
import type { Loading } from './load-step.ts'
import { lastFailure } from './retry-or-leave.ts'
import { stepNotices } from './step-notices.ts'
import type { StepRun } from './step-run.ts'
import { suspendedAt } from './suspending/suspended-at.ts'

type Needs = Pick<
  HostPorts,
  | 'steps'
  | 'gates'
  | 'bus'
  | 'clock'
  | 'executions'
  | 'statistics'
  | 'breakers'
  | 'budgets'
  | 'values'
  | 'sharedState'
  | 'timer'
>
/** The result of a take-over: this invocation owns the step, or the step had already ended. */
export type Owned = { kind: 'owned'; run: StepRun } | { kind: 'ended'; receipt: Receipt }

const UNKNOWN = 'unknown'

/**
 * Takes the step over, or returns the receipt of its recorded end (host/H1). Throws StepSupersededError to a late
 * invocation (host/H2), and AgentFailedError when the agent has no attempt left.
 */
export async function ownStep(
  ports: Needs,
  agent: DefinedAgent,
  loading: Loading,
  asked: Asked,
): Promise<Owned> {
  const { own, planned, log, enteredAt, at, timeLimit, needed } = loading
  const input = 'kept' in asked ? asked.kept : undefined
  const begun = { input, calledVersion: agent.manifest.version }
  // The judge works on what its agent was given, which stays with the step. A call that only repeats the one whose output waits begins nothing.
  const more = 'judge' in asked ? { keepStart: !asked.judge } : { begun }
  const startedAt = ports.clock.now().toISOString()
  const turn = 'resolved' in asked ? asked.turn : undefined
  const suspended = suspendedAt(turn, startedAt)
  const start = { startedAt, ...more, ...(suspended ? { suspended } : {}) }
  const taken = await ports.steps.takeOverStep(own, start)
  const plan = await planned
  if (taken.kind === 'superseded') throw superseded(own.path)
  if (taken.kind === 'final') {
    // A final failure: the rebinder has already decided what it means for the task, so a late invocation must not.
    if (taken.step.status === 'failed' && !hasGoneOn(stepOf(plan, own.path), taken.step)) {
      throw superseded(own.path)
    }
    // host/H4: the invocation that recorded the end may have crashed before it signalled the gates.
    // step-state/W2
    const needed = () => recordsOfNeeds(ports.steps, plan, own.path)
    const written = await writeStepState(ports, { plan, path: own.path, of: plan, needed }, taken.step)
    if (written.length > 0) await ports.bus.publish(written)
    await Promise.all([
      signalGates(ports, plan, own.path),
      plan.budget ? settleDead(ports.budgets, { ...own, holder: own.fence }) : undefined,
    ])
    return { kind: 'ended', receipt: { ...receiptOf(taken.step), replayed: true } }
  }
  const agentId = taken.step.agentId ?? bindingAt(plan, own.path)?.agentId ?? UNKNOWN
  const record = { ...taken.step, agentId }
  const { before } = taken
  // The same call of the same entry: after a crash of the local cloud, or twice by Lambda. It repeats the attempt, and is none of its own,
  // because the agent is not to blame and the first call may still run (host/H2 refuses its end).
  if (before?.fence === own.fence && hasLostAttempt(before)) {
    log.warn('attempt repeated', {
      agentId,
      attempt: attemptNumber(record.attempts),
      beganAt: before.startedAt,
    })
  }
  if (before && before.fence < own.fence && hasLostAttempt(before)) {
    const { retry, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = stepOf(plan, own.path)
    const elapsed = ports.clock.now().getTime() - Date.parse(before.startedAt)
    const lost = {
      own,
      plan,
      record: before,
      agent: { ...agent.manifest, id: agentId },
      isRegistered: false,
      failure: deathAfter(elapsed, Math.min(timeLimit, 1_000 * timeoutSeconds), retry),
    }
    const attempt = await noteLostAttempt(ports, lost)
    const number = attemptNumber(record.attempts)
    log.warn('attempt failed', { agentId, attempt: number, ...failureFacts(own, attempt.error) })
    record.attempts = [...record.attempts, attempt]
  }
  const role = taken.step.judging && roleIn(before)
  const notices = stepNotices(ports)
  const run = { agent, own, plan, record, agentId, role, turn, at, enteredAt, needed, log, notices }
  const last = lastFailure(run)
  if (last) {
    // Restores the start of the last attempt, because no new attempt begins.
    await ports.steps.takeOverStep(own, { startedAt: last.startedAt })
    throw new OrchestratorError('AgentFailedError', last.error.message)
  }
  const facts = { attempt: attemptNumber(record.attempts), executionArn: executionArnOf(executionOf(plan)) }
  return { kind: 'owned', run: { ...run, log: log.with(facts) } }
}

/** How long after its invocation's start a host may take a step over, in milliseconds: a cold start's loading. */
const SLACK = 5_000

/**
 * Why a call ended that has left no word, though Step Functions has called again. It does so after a death for a policy that retries what
 * is transient, after a timeout for one that retries timeouts (compiler/retries.ts), and after either where the error itself was lost on
 * its way: no call times out before its step's or its function's timeout has passed.
 */
const deathAfter = (elapsed: number, timeLimit: number, retry: AgentStep['retry']): Failure =>
  retriedKinds(retry).includes('transient') || elapsed + SLACK < timeLimit
    ? DIED
    : { name: 'Sandbox.Timedout', message: DIED.message }

const executionOf = ({ taskId, execution = FIRST_EXECUTION, stateMachineArn }: Plan) => {
  return { stateMachineArn, name: executionName({ id: taskId, execution }) }
}
