import { maySuspendAt } from '../../app/steps/plan-paths.ts'
import { isOfAnotherAgent } from '../../domain/callback.ts'
import { isFinalStepStatus, type StepRecord } from '../../domain/step.ts'
import { isSuspended, type Suspended, type WakeCause } from '../../domain/suspension.ts'
import { FIRST_EXECUTION, runKey } from '../../domain/task.ts'
import { secondsUntil } from '../../domain/times.ts'
import type { Ownership, Plan, Ports } from '../../ports/index.ts'
import type { Situation } from './suspending-part.ts'

type Needs = Pick<Ports, 'steps' | 'suspensions' | 'clock'>
type Call = { own: Ownership; plan: Pick<Plan, 'execution' | 'suspending'>; agentId: string }

/** Undefined for a step without the states of a suspension: nothing is read for it. Claims the end of a wait whose time is over (suspending/V1). */
export async function situationOf(
  ports: Needs,
  { own, plan, agentId }: Call,
): Promise<Situation | undefined> {
  if (!maySuspendAt(plan, own.path)) return undefined
  const [record] = await ports.steps.findSteps(own.taskId, [own.path])
  const { suspended } = record ?? {}
  const execution = plan.execution ?? FIRST_EXECUTION
  const firstOf = (n: number) => unusedFrom(ports, n, { own, execution, planned: agentId, record })
  if (!record || !suspended || suspended.execution !== execution)
    return { kind: 'begins', n: await firstOf(1) }
  if (!isCalledAgain(record, suspended, agentId))
    return {
      kind: 'begins',
      n: await firstOf(suspended.n + 1),
      ...(isSuspended(record) ? { abandoned: suspended } : {}),
    }
  return wokenOrNot(ports, own, suspended)
}

type Rebound = { own: Ownership; execution: number; planned: string; record: StepRecord | undefined }

/** The number of the next suspension: an agent to which the step was rebound is not woken by what a callback of the one before it has brought (callback/C5). */
async function unusedFrom(
  { suspensions }: Pick<Needs, 'suspensions'>,
  n: number,
  { own: { taskId, path }, execution, planned, record }: Rebound,
): Promise<number> {
  const agentId = record?.agentId ?? planned
  if (agentId === planned) return n
  const { woken } = await suspensions.findWoken({ runKey: runKey({ taskId, execution }), path })
  if (!woken || woken.n < n) return n
  return isOfAnotherAgent(woken.cause, agentId) ? woken.n + 1 : woken.n
}

/** Whether a call goes on where the agent has suspended; another agent, which knows nothing of its state, begins anew. */
function isCalledAgain(record: StepRecord, suspended: Suspended, agentId: string): boolean {
  if (record.status === 'succeeded' || record.status === 'skipped') return false
  const wasAbandoned = suspended.resumedAt !== undefined && suspended.by === undefined
  const isOver = isFinalStepStatus(record.status) && suspended.resumedAt === undefined
  return suspended.agentId === (record.agentId ?? agentId) && !wasAbandoned && !isOver
}

async function wokenOrNot(
  { suspensions, clock }: Needs,
  { taskId, path }: Ownership,
  suspended: Suspended,
): Promise<Situation> {
  const { n, execution, since } = suspended
  const place = { runKey: runKey({ taskId, execution }), path }
  const resumed = (by: WakeCause): Situation => ({ kind: 'resumes', n: n + 1, suspended, by })
  const { woken, heardAt = since } = await suspensions.findWoken(place)
  if (woken && woken.n >= n) return resumed(woken.by)
  const heard = heardAt > since ? heardAt : since
  const now = clock.now()
  if (!isOver(suspended, heard, now)) return { kind: 'waits', suspended, heardAt: heard }
  const by: WakeCause = { kind: suspended.until.kind === 'time' ? 'time' : 'timeout' }
  const wake = await suspensions.wake(place, { n, by, cause: 'time', at: now.toISOString() })
  // Another cause has woken the step since it was read: that one counts.
  return resumed(wake.kind === 'woken' ? by : wake.woken.by)
}

/** Whether the time of a wait is over, or nothing was heard for too long. */
function isOver({ until, endsAt }: Suspended, heardAt: string, now: Date): boolean {
  return Math.min(secondsUntil(endsAt, now), secondsUntilSilent(until, heardAt, now)) <= 0
}

/** Seconds until nothing was heard for too long; Infinity where nobody need be heard. */
export function secondsUntilSilent(until: Suspended['until'], heardAt: string, now: Date): number {
  if (until.kind !== 'callback' || until.heartbeatSeconds === undefined) return Number.POSITIVE_INFINITY
  return secondsUntil(heardAt, now) + until.heartbeatSeconds
}
