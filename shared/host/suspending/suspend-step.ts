/**
 * Ends the turn of an agent that suspends.
 *
 * Invariants (tests cite them):
 * suspend/S1 the record has the suspension before the receipt leaves the host: a call that is repeated after a crash answers the same again, and calls no agent
 * suspend/S2 while a step is suspended it holds neither a slot nor a reservation; what its turns have cost is kept, and is the task's
 * suspend/S3 a suspended step is no attempt that was lost, and its agent is not blamed for the time that it waits
 * suspend/S4 the suspensions of a step in one execution are numbered from 1 without gaps, but for those that a callback of another agent has used up (callback/C5), and are at most MOST_SUSPENSIONS
 */

import { suspensionIn } from '../../agent/suspend.ts'
import { settleDead } from '../../app/limits/spend-budget.ts'
import { beginWait } from '../../app/waits/waiting.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { stepSuspendedEvent } from '../../domain/events-of-step.ts'
import type { Receipt } from '../../domain/step.ts'
import { superseded } from '../../domain/superseded.ts'
import { MOST_STATE_BYTES, MOST_SUSPENSIONS, type Suspended } from '../../domain/suspension.ts'
import { FIRST_EXECUTION } from '../../domain/task.ts'
import { millisecondsBetween, secondsUntil } from '../../domain/times.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ownership, Plan, Ports } from '../../ports/index.ts'
import { requireJson } from '../checked-values.ts'
import { measureCost, release } from '../end-step.ts'
import { uncountedWith } from '../fail-attempt.ts'
import type { HostPorts } from '../host-ports.ts'
import { requireNoSecret } from '../masked-ports.ts'
import type { Call } from '../resolve-call.ts'
import type { StepRun } from '../step-run.ts'
import { secondsUntilSilent } from './situation.ts'
import type { Suspending } from './suspending-part.ts'
import { awaitedOf } from './until.ts'

type Needs = Pick<HostPorts, 'steps' | 'tasks' | 'clock' | 'measure' | 'budgets'> & Pick<Ports, 'waits'>

/** Stores the agent's state and records the suspension (suspend/S1); undefined for an answer that is none. Throws AgentOutputError, AgentFailedError, StepSupersededError. */
export async function recordSuspension(
  ports: Pick<HostPorts, 'steps' | 'values' | 'clock' | 'mask'>,
  run: StepRun,
  { capability }: Call,
  answer: unknown,
): Promise<Suspending | undefined> {
  const asked = suspensionIn(answer)
  if (!asked) return undefined
  const { until, state } = asked
  const { own, plan, agent, agentId, record, turn } = run
  const n = turn?.n ?? 1
  if (n > MOST_SUSPENSIONS)
    throw new OrchestratorError(
      'AgentFailedError',
      `step "${own.path}" would be suspended for the ${n}th time; a step may be ${MOST_SUSPENSIONS} times: wait longer each time, or let a loop of the workflow call the agent`,
    )
  const { id } = agent.manifest
  requireNoSecret(ports.mask, state, 'state')
  const kept = state === undefined ? undefined : requireJson(state, id, `${capability.name} (state)`)
  const bytes = kept === undefined ? 0 : new TextEncoder().encode(JSON.stringify(kept)).length
  if (bytes > MOST_STATE_BYTES)
    throw new OrchestratorError(
      'AgentOutputError',
      `${id} suspends with a state of ${bytes} bytes; the most is ${MOST_STATE_BYTES}: store it as a file, and keep its name`,
    )
  const now = ports.clock.now()
  const since = now.toISOString()
  const { awaited, endsAt } = awaitedOf(until, now)
  const before = record.suspended
  const suspended: Suspended = withoutUndefined({
    n,
    execution: plan.execution ?? FIRST_EXECUTION,
    until: awaited,
    state: kept === undefined ? undefined : await ports.values.storeValue(own.taskId, kept),
    agentId,
    agentVersion: agent.manifest.version,
    since,
    // Past the deadline of its task a step is called, and ends with it.
    endsAt: plan.deadline !== undefined && plan.deadline < endsAt ? plan.deadline : endsAt,
    workedMs: (before?.workedMs ?? 0) + millisecondsBetween(record.startedAt, since),
    waitedMs: before?.waitedMs ?? 0,
  })
  const uncounted = uncountedWith(run)
  if (!(await ports.steps.noteStep(own, { suspended, ...(uncounted ? { uncounted } : {}) })))
    throw superseded(own.path)
  return { status: 'suspended', suspended }
}

/** Tells of a recorded suspension, releases what the call holds, and makes the receipt (suspend/S2). */
export async function tellSuspension(
  ports: Needs,
  run: StepRun,
  { suspended }: Suspending,
): Promise<Receipt> {
  const { own, plan, agentId, notices, log } = run
  const { n, until, endsAt } = suspended
  log.info('step suspended', { agentId, n, until: until.kind, endsAt })
  measureCost(ports, run)
  const told = await Promise.allSettled([
    noteWait(ports, { own, plan }, suspended),
    notices.finish([stepSuspendedEvent(plan, own.path, suspended)]),
    release(run, undefined),
  ])
  for (const one of told) if (one.status === 'rejected') throw one.reason
  return receiptOfSuspension(ports, run, suspended, suspended.since)
}

/** The receipt of a call that finds the step waiting still, whose suspension an earlier call may not have told (suspend/S1). */
export async function stillSuspended(
  ports: Needs,
  call: { own: Ownership; plan: Plan; at: number },
  { suspended, heardAt }: { suspended: Suspended; heardAt: string },
): Promise<Receipt> {
  const { own, plan } = call
  await Promise.all([
    noteWait(ports, call, suspended),
    plan.budget ? settleDead(ports.budgets, { ...own, holder: own.fence }) : undefined,
  ])
  return receiptOfSuspension(ports, { own, agentId: suspended.agentId, at: call.at }, suspended, heardAt)
}

/** So that the task is `waiting`, and what is around the step ends the wait where it ends itself. */
async function noteWait(
  { waits, tasks, steps, clock }: Needs,
  { own, plan }: { own: Ownership; plan: Plan },
  { endsAt }: Suspended,
): Promise<void> {
  await beginWait({ ports: { waits, tasks, steps, clock }, plan, own }, { kind: 'suspended', until: endsAt })
}

/**
 * What the waiting state reads, in whole seconds: its timeout, and when it ends for want of a heartbeat. Step Functions wants the latter to be the shorter: where
 * nobody need be heard, it is the one that ends the wait.
 */
function receiptOfSuspension(
  { clock }: Pick<Needs, 'clock'>,
  { own, agentId, at }: { own: Ownership; agentId: string; at: number },
  { n, until, endsAt }: Suspended,
  heardAt: string,
): Receipt {
  const now = clock.now()
  const left = Math.max(1, Math.ceil(secondsUntil(endsAt, now)))
  const silent = Math.ceil(secondsUntilSilent(until, heardAt, now))
  const heartbeat = Math.max(1, Math.min(left, silent))
  const seconds = Math.max(left, heartbeat + 1)
  return {
    path: own.path,
    status: 'waiting',
    agentId,
    suspended: { n, seconds, heartbeat, turn: at + 1 },
  }
}
