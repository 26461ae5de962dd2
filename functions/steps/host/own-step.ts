/**
 * The step's record around the run: taken over before, ended after.
 *
 * Invariants (tests cite them):
 * H1 a step that has ended replays its receipt; its agent is not called again
 * H2 only the invocation with the highest fence writes; a late one is told so and changes nothing
 * H3 a failed attempt is noted before its error leaves
 * H4 a step that has ended, or replays its receipt, signals the gates that wait for it
 * H5 an attempt is counted for its agent once at most, and by whoever has noted its end
 * H6 an attempt whose worker has died is noted and counted by the next owner of the step, and what it had reserved is settled
 */
import { capabilityAsked } from '../../../shared/app/agents/capability-asked.ts'
import { settleDead } from '../../../shared/app/limits/spend-budget.ts'
import { countAttempt } from '../../../shared/app/steps/count-attempt.ts'
import { DIED, hasLostAttempt, noteLostAttempt } from '../../../shared/app/steps/lost-attempt.ts'
import { bindingAt, stepOf } from '../../../shared/app/steps/plan-paths.ts'
import { hasGoneOn, isAgentsFault } from '../../../shared/app/steps/settle-failure.ts'
import { signalGates } from '../../../shared/app/steps/signal-gates.ts'
import { executionOfFence } from '../../../shared/contracts/step-payload.ts'
import type { AgentManifest } from '../../../shared/domain/agent.ts'
import { failureOf } from '../../../shared/domain/bounded.ts'
import { amountOf } from '../../../shared/domain/budget.ts'
import { isOrchestratorError, type OrchestratorError, REFUSALS } from '../../../shared/domain/errors.ts'
import { attemptFailedEvent, stepEndedEvent } from '../../../shared/domain/event.ts'
import { executionArnOf } from '../../../shared/domain/execution-arn.ts'
import type { Attempt, Receipt, StepRecord } from '../../../shared/domain/step.ts'
import { superseded } from '../../../shared/domain/superseded.ts'
import { executionName, FIRST_EXECUTION } from '../../../shared/domain/task.ts'
import { millisecondsBetween } from '../../../shared/domain/times.ts'
import type { Plan } from '../../../shared/ports/index.ts'
import type { CallEnd } from '../../../shared/selector/breaker.ts'
import type { Deps } from '../../deps.ts'
import { measure } from '../../telemetry/metrics.ts'
import { stepNotices } from './step-notices.ts'
import {
  addParts,
  findParts,
  type HostMiddleware,
  partsOf,
  type StepOutcome,
  type StepRun,
} from './step-run.ts'

type Needs = Pick<Deps, 'tasks' | 'bus' | 'clock' | 'executions' | 'statistics' | 'breakers' | 'budgets'> & {
  manifest: Pick<AgentManifest, 'id' | 'capabilities'>
}

const UNKNOWN = 'unknown'

type Counted = Pick<StepRun, 'own' | 'plan' | 'agentId' | 'record' | 'log'> &
  Partial<Pick<StepRun, 'admitted' | 'spending'>>

export function ownStep({ manifest, ...ports }: Needs): HostMiddleware {
  const { tasks, bus, clock, executions } = ports

  const capabilityIn = ({ own, plan }: Pick<Counted, 'own' | 'plan'>): string =>
    capabilityAsked(manifest, stepOf(plan, own.path))?.name ?? ''

  function measureCost({ agentId, spending }: Counted): void {
    const { costUsd = 0 } = spending?.told() ?? {}
    if (costUsd > 0) measure('Cost', { agentId }, costUsd)
  }

  /** Once for each attempt, by the invocation that has noted its end (H5). Statistics are advice: they cost no step. */
  async function count(
    { own, plan, record, agentId, log, spending }: Counted,
    { endedAt, error }: Pick<Attempt, 'endedAt'> & Partial<Pick<Attempt, 'error'>>,
  ): Promise<CallEnd['lately']> {
    const attempt = { startedAt: record.startedAt, endedAt, ...(error ? { error } : {}), ...spending?.told() }
    const agent = { ...manifest, id: agentId }
    return countAttempt(ports, { plan, path: own.path, record, agent, attempt }).catch((reason: unknown) => {
      log.warn('attempt not counted', { reason: String(reason) })
      return undefined
    })
  }

  /** Gives back what was held for the agent, and says how it did. What cannot be given back is given up at its time. */
  async function release(run: Counted, end: CallEnd | undefined): Promise<void> {
    const { admitted, spending, log } = run
    await admitted?.end(end, amountOf(spending?.sum() ?? {})).catch((reason: unknown) => {
      log.warn('not given back', { reason: String(reason) })
    })
  }

  /** What the state's error cannot say: how long an agent that is too busy wants to be left alone. */
  async function noteWhenToAsk(own: StepRun['own'], { details }: OrchestratorError, log: StepRun['log']) {
    const { waitSeconds } = details
    if (typeof waitSeconds !== 'number' || !(waitSeconds > 0)) return
    const askAgainAt = new Date(clock.now().getTime() + waitSeconds * 1_000).toISOString()
    await tasks.noteStep(own, { askAgainAt }).catch((reason: unknown) => {
      log.warn('not noted when to ask again', { reason: String(reason) })
    })
  }

  return {
    before: async (request) => {
      const { own, planned, log } = partsOf(request.context, 'own', 'planned', 'log')
      const taken = await tasks.takeOverStep(own, { startedAt: clock.now().toISOString() })
      const plan = await planned
      if (taken.kind === 'superseded') throw superseded(own.path)
      if (taken.kind === 'final') {
        // Failed for good: what that means for the task is decided already, and not by a late invocation.
        if (taken.step.status === 'failed' && !hasGoneOn(stepOf(plan, own.path), taken.step)) {
          throw superseded(own.path)
        }
        await Promise.all([
          signalGates({ tasks, executions }, plan, own.path),
          plan.budget ? settleDead(ports.budgets, { ...own, holder: own.fence }) : undefined,
        ])
        return { ...receiptOf(taken.step), replayed: true }
      }
      const agentId = taken.step.agentId ?? bindingAt(plan, own.path)?.agentId ?? UNKNOWN
      const record = { ...taken.step, agentId }
      const { before } = taken
      if (before && before.fence < own.fence && hasLostAttempt(before)) {
        const agent = { ...manifest, id: agentId }
        const lost = await noteLostAttempt(ports, { own, plan, record: before, agent, failure: DIED })
        record.attempts = [...record.attempts, lost]
      }
      addParts(request.context, {
        plan,
        agentId,
        record,
        notices: stepNotices(bus),
        log: log.with({
          attempt: record.attempts.length + 1,
          executionArn: executionArnOf(executionOf(plan)),
        }),
      })
      return undefined
    },

    after: async (request) => {
      const run = {
        ...findParts(request.context),
        ...partsOf(request.context, 'own', 'agentId', 'record', 'notices', 'log', 'plan'),
      }
      const { own, agentId, record, notices, log, plan } = run
      const end = { ...(request.response as StepOutcome), agentId, endedAt: clock.now().toISOString() }
      if (!(await tasks.endStep(own, end))) throw superseded(own.path)
      addParts(request.context, { ended: true })
      const ended: StepRecord = { ...record, ...end }
      const event = stepEndedEvent(own.taskId, ended)
      const durationMs = millisecondsBetween(record.startedAt, end.endedAt)
      log.info('step ended', { status: ended.status, agentId, durationMs })
      // Neither a skipped step nor a reused output says anything about the agent.
      const isAttempt = ended.status === 'succeeded' && ended.reused === undefined
      if (isAttempt) {
        measureCost(run)
        measure('Attempts', { agentId, outcome: 'succeeded' }, 1)
        measure('StepDuration', { agentId, capability: capabilityIn(run) }, durationMs)
      }
      // Waited for: what is under way when a Lambda answers may never get out.
      await Promise.all([
        signalGates({ tasks, executions }, plan, own.path),
        notices.finish(event ? [event] : []),
        isAttempt ? count(run, { endedAt: end.endedAt }) : undefined,
        release(run, isAttempt ? { succeeded: true } : undefined),
      ])
      request.response = receiptOf(ended)
    },

    onError: async (request) => {
      const { own, agentId, record, notices, log, plan, ended } = findParts(request.context)
      const { error } = request
      if (!own || !agentId || !record || !notices || !log || !plan || !error) return
      // Its end is recorded, or another's: only the error leaves.
      const run = { ...findParts(request.context), own, agentId, record, log, plan }
      if (ended || isOrchestratorError(error, 'StepSupersededError')) {
        await Promise.all([notices.finish([]), release(run, undefined)])
        return
      }
      // Not asked, or asked in vain, is not failed: the rebinder finds another, or waits.
      if (isOrchestratorError(error, ...REFUSALS)) {
        log.info('step not begun', { agentId, errorName: error.name })
        await Promise.all([notices.finish([]), release(run, undefined), noteWhenToAsk(own, error, log)])
        return
      }
      const failure = failureOf(error)
      const endedAt = clock.now().toISOString()
      const attempt = {
        agentId,
        startedAt: record.startedAt,
        endedAt,
        execution: executionOfFence(own.fence),
        error: failure,
        ...run.spending?.told(),
      }
      const number = record.attempts.length + 1
      // Where it cannot be noted now, the rebinder notes it; the agent's own error leaves either way.
      const noted = await tasks.addAttempt(own, attempt, record.attempts.length).catch((reason: unknown) => {
        log.warn('attempt not noted', { reason: String(reason) })
        return false
      })
      const durationMs = millisecondsBetween(record.startedAt, endedAt)
      log.warn('attempt failed', { agentId, errorName: error.name, durationMs })
      measureCost(run)
      const isFault = isAgentsFault(error)
      const countAndRelease = async (): Promise<void> => {
        if (!isFault) return release(run, undefined)
        // Whoever notes it tells the breaker as well.
        if (!noted) return release(run, undefined)
        const lately = await count(run, { endedAt, error: failure })
        return release(run, { succeeded: false, ...(lately ? { lately } : {}) })
      }
      await Promise.all([
        notices.finish(noted ? [attemptFailedEvent(own.taskId, own.path, number, attempt)] : []),
        countAndRelease(),
      ])
    },
  }
}

const executionOf = ({ taskId, execution = FIRST_EXECUTION, stateMachineArn }: Plan) => {
  return { stateMachineArn, name: executionName({ id: taskId, execution }) }
}

function receiptOf({ path, status, agentId }: StepRecord): Receipt {
  return { path, status, ...(agentId ? { agentId } : {}) }
}
