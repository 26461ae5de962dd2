import { capabilityAsked } from '../app/agents/capability-asked.ts'
import type { CallEnd } from '../app/limits/admission.ts'
import { countAttempt } from '../app/steps/count-attempt.ts'
import { stepOf } from '../app/steps/plan-paths.ts'
import { signalGates } from '../app/steps/signal-gates.ts'
import { amountOf } from '../domain/budget.ts'
import { stepEndedEvent } from '../domain/event.ts'
import { type Attempt, type Receipt, receiptOf, type StepRecord } from '../domain/step.ts'
import { superseded } from '../domain/superseded.ts'
import { millisecondsBetween } from '../domain/times.ts'
import type { HostPorts } from './host-ports.ts'
import type { StepOutcome, StepRun } from './step-run.ts'

export type EndedStep = StepRecord & { endedAt: string }

/** Records the step's end. Throws StepSupersededError when a later invocation owns the step (host/H2). */
export async function recordEnd(
  { steps, clock }: Pick<HostPorts, 'steps' | 'clock'>,
  { agent, own, agentId, record }: StepRun,
  outcome: StepOutcome,
): Promise<EndedStep> {
  // A skipped step, and one whose output is reused, called no agent.
  const isCalled = outcome.status === 'succeeded' && outcome.reused === undefined
  const agentVersion = isCalled ? { agentVersion: agent.manifest.version } : {}
  const end = { ...outcome, agentId, ...agentVersion, endedAt: clock.now().toISOString() }
  if (!(await steps.endStep(own, end))) throw superseded(own.path)
  return { ...record, ...end }
}

/** Tells of an end that is recorded: to the gates, the bus, the agent's statistics and its budget (host/H4, host/H5). */
export async function tellEnd(
  ports: Pick<HostPorts, 'steps' | 'gates' | 'executions' | 'statistics' | 'clock' | 'measure'>,
  run: StepRun,
  ended: EndedStep,
): Promise<Receipt> {
  const { agent, own, agentId, record, notices, log, plan } = run
  const { status, endedAt } = ended
  const event = stepEndedEvent(own.taskId, ended)
  const durationMs = millisecondsBetween(record.startedAt, endedAt)
  log.info('step ended', { status, agentId, durationMs })
  // Neither a skipped step nor a reused output says anything about the agent.
  const isAttempt = status === 'succeeded' && ended.reused === undefined
  if (isAttempt) {
    const capability = capabilityAsked(agent.manifest, stepOf(plan, own.path))?.name ?? ''
    measureCost(ports, run)
    ports.measure('Attempts', { agentId, outcome: 'succeeded' }, 1)
    ports.measure('StepDuration', { agentId, capability }, durationMs)
  }
  // Waited for, also when one of them fails: what is under way when a Lambda answers may never get out.
  const told = await Promise.allSettled([
    signalGates(ports, plan, own.path),
    notices.finish(event ? [event] : []),
    isAttempt ? count(ports, run, { endedAt }) : undefined,
    release(run, isAttempt ? { succeeded: true } : undefined),
  ])
  for (const one of told) if (one.status === 'rejected') throw one.reason
  return receiptOf(ended)
}

export function measureCost({ measure }: Pick<HostPorts, 'measure'>, { agentId, call }: StepRun): void {
  const { costUsd = 0 } = call?.spending.told() ?? {}
  if (costUsd > 0) measure('Cost', { agentId }, costUsd)
}

/** Once for each attempt, by the invocation that has noted its end (host/H5). Statistics are advice: they cost no step. */
export async function count(
  ports: Pick<HostPorts, 'statistics' | 'clock'>,
  { agent, own, plan, record, agentId, log, call }: StepRun,
  { endedAt, error }: Pick<Attempt, 'endedAt'> & Partial<Pick<Attempt, 'error'>>,
): Promise<CallEnd['lately']> {
  const { startedAt } = record
  const attempt = { startedAt, endedAt, ...(error ? { error } : {}), ...call?.spending.told() }
  const asked = { ...agent.manifest, id: agentId }
  return countAttempt(ports, { plan, path: own.path, record, agent: asked, attempt }).catch(
    (reason: unknown) => {
      log.warn('attempt not counted', { reason: String(reason) })
      return undefined
    },
  )
}

/** Gives back what was held for the agent, and says how it did. What cannot be given back is given up at its time. */
export async function release({ call, log }: StepRun, end: CallEnd | undefined): Promise<void> {
  await call?.admitted.end(end, amountOf(call.spending.sum())).catch((reason: unknown) => {
    log.warn('not given back', { reason: String(reason) })
  })
}
