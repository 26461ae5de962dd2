import { capabilityAsked } from '../app/agents/capability-asked.ts'
import type { CallEnd } from '../app/limits/admission.ts'
import { calledStep } from '../app/steps/chosen-capability.ts'
import { countAttempt } from '../app/steps/count-attempt.ts'
import { signalGates } from '../app/steps/signal-gates.ts'
import { writeStepState } from '../app/steps/state/step-state.ts'
import { amountOf } from '../domain/budget.ts'
import { stepEndedEvent } from '../domain/events-of-step.ts'
import { type Attempt, type Judging, type Receipt, receiptOf, type StepRecord } from '../domain/step.ts'
import { superseded } from '../domain/superseded.ts'
import { withTurnsBefore } from '../domain/suspension.ts'
import { millisecondsBetween } from '../domain/times.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'
import { JUDGE } from '../workflow/evaluation/check-judgement.ts'
import { countJudged } from './count-judged.ts'
import type { HostPorts } from './host-ports.ts'
import type { StepOutcome, StepRun } from './step-run.ts'

export type EndedStep = StepRecord & { endedAt: string }

/** Records the step's end. Throws StepSupersededError when a later invocation owns the step (host/H2). */
export async function recordEnd(
  { steps, clock, code }: Pick<HostPorts, 'steps' | 'clock' | 'code'>,
  { agent, own, agentId, record }: StepRun,
  outcome: StepOutcome,
): Promise<EndedStep> {
  // A skipped step, and one whose output is reused, called no agent.
  const isCalled = outcome.status === 'succeeded' && outcome.reused === undefined
  // A judged output is of another agent than that of this call, and the outcome names it.
  const called =
    isCalled && !record.judging
      ? withoutUndefined({ agentVersion: agent.manifest.version, agentCode: await code })
      : {}
  const end = { agentId, ...called, ...outcome, endedAt: clock.now().toISOString() }
  if (!(await steps.endStep(own, end))) throw superseded(own.path)
  return { ...record, ...end }
}

/**
 * Reports a recorded end: signals the gates, publishes the event, updates the agent's statistics and settles the call's
 * reservations (host/H4, host/H5).
 */
export async function tellEnd(
  ports: Pick<
    HostPorts,
    'steps' | 'gates' | 'executions' | 'statistics' | 'clock' | 'measure' | 'values' | 'sharedState' | 'timer'
  >,
  run: StepRun,
  ended: EndedStep,
): Promise<Receipt> {
  const { agent, own, agentId, record, notices, log, plan } = run
  const { status, endedAt } = ended
  const event = stepEndedEvent(plan, ended)
  const durationMs = millisecondsBetween(record.startedAt, endedAt)
  log.info('step ended', { status, agentId, durationMs })
  // Neither a skipped step nor a reused output says anything about the agent.
  const isAttempt = status === 'succeeded' && ended.reused === undefined
  if (isAttempt) {
    const asked = record.judging
      ? JUDGE
      : capabilityAsked(agent.manifest, calledStep(plan, own.path, record))?.name
    const capability = asked ?? ''
    measureCost(ports, run)
    ports.measure('Attempts', { agentId, outcome: 'succeeded' }, 1)
    ports.measure('StepDuration', { agentId, capability }, durationMs)
    if (record.judging) measureJudged(ports, record.judging)
  }
  const state = { plan, path: own.path, of: plan, needed: () => run.needed }
  const [written] = await Promise.allSettled([writeStepState(ports, state, ended)])
  const changes = written.status === 'fulfilled' ? written.value : []
  for (const { type, data } of changes) if (type === 'state.refused') log.warn('state not written', data)
  // All are awaited, even if one fails: Lambda freezes the process after the answer, so pending requests might never be
  // sent.
  const told = await Promise.allSettled([
    // Only then may the steps that wait for this one begin (step-state/W3).
    written.status === 'fulfilled' ? signalGates(ports, plan, own.path) : undefined,
    notices.finish(event ? [...changes, event] : changes),
    isAttempt ? countEnd(ports, run, ended) : undefined,
    release(run, isAttempt ? { succeeded: true } : undefined),
  ])
  for (const one of [written, ...told]) if (one.status === 'rejected') throw one.reason
  return receiptOf(ended)
}

/** Counts this call, and that of the agent whose output it has judged. */
async function countEnd(
  ports: Pick<HostPorts, 'statistics' | 'clock'>,
  run: StepRun,
  ended: EndedStep,
): Promise<void> {
  const { endedAt, evaluation } = ended
  const { judging } = run.record
  await Promise.all(
    judging
      ? [countJudged(ports, run, judging, { endedAt, evaluation }), count(ports, run, { endedAt })]
      : [count(ports, run, { endedAt, evaluation })],
  )
}

/** The call that has made a judged output, which has ended before. */
function measureJudged(
  { measure }: Pick<HostPorts, 'measure'>,
  { agentId, capability, startedAt, endedAt }: Judging,
): void {
  measure('Attempts', { agentId, outcome: 'succeeded' }, 1)
  measure('StepDuration', { agentId, capability }, millisecondsBetween(startedAt, endedAt))
}

export function measureCost({ measure }: Pick<HostPorts, 'measure'>, { agentId, call }: StepRun): void {
  const { costUsd = 0 } = call?.spending.told() ?? {}
  if (costUsd > 0) measure('Cost', { agentId }, costUsd)
}

/**
 * Adds an attempt to the agent's statistics, once, by the invocation that recorded its end (host/H5). A failure is only
 * logged: statistics are best effort and must not fail a step.
 */
export async function count(
  ports: Pick<HostPorts, 'statistics' | 'clock'>,
  { agent, own, plan, record, agentId, role, log, call }: StepRun,
  { endedAt, error, evaluation }: Pick<Attempt, 'endedAt' | 'evaluation'> & Partial<Pick<Attempt, 'error'>>,
): Promise<CallEnd['lately']> {
  const { startedAt } = record
  const last = { startedAt, endedAt, evaluation, ...(error ? { error } : {}), ...call?.spending.told() }
  const attempt = withTurnsBefore(last, record)
  const asked = { ...agent.manifest, id: agentId }
  const isJudge = role === 'judge'
  return countAttempt(ports, { plan, path: own.path, record, agent: asked, attempt, isJudge }).catch(
    (reason: unknown) => {
      log.warn('attempt not counted', { reason: String(reason) })
      return undefined
    },
  )
}

/**
 * Releases the slot and the budget reservation of the call, and reports its result to the circuit breaker. A failed
 * release is only logged: slot and reservation expire on their own.
 */
export async function release({ call, log }: StepRun, end: CallEnd | undefined): Promise<void> {
  await call?.admitted.end(end, amountOf(call.spending.sum())).catch((reason: unknown) => {
    log.warn('slot or reservation not released', { reason: String(reason) })
  })
}
