/**
 * Tasks of a tenant in a day.
 *
 * Invariants (tests cite them):
 * tasks-of-day/D1 on a day (UTC) a tenant never stores more tasks than its quota, however many are submitted at once and whatever dies in between
 * tasks-of-day/D2 a repeated request counts once, and finds its task also where the day is full; children do not count, nor does a retry, which goes on
 *    with a task; a fork is a task
 * tasks-of-day/D3 a task that is refused leaves nothing behind. One that was counted and not stored, because its caller died, counts until the day ends
 */
import { OrchestratorError } from '../../domain/errors.ts'
import { dayOf, nextDay, secondsTo } from '../../domain/quotas.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { tellReached } from './tell-reached.ts'

export type CountNeeds = Pick<Ports, 'tasks' | 'clock' | 'ids'> & Partial<Pick<Ports, 'quotas' | 'bus'>>

/** A task that was counted and is about to be stored. */
export type Counted = {
  /** It is stored: it counts. */
  keep(): Promise<void>
  /** This request has stored nothing: it does not count. */
  giveBack(): Promise<void>
}

const NOT_COUNTED: Counted = { keep: async () => {}, giveBack: async () => {} }

/** Counts a task before it is stored. Throws QuotaExceededError where the day is full. */
export async function countTask(
  { tasks, quotas, bus, clock, ids }: CountNeeds,
  { taskId, tenant }: Pick<Plan, 'taskId' | 'tenant'>,
): Promise<Counted> {
  const most = quotas?.quotasOf(tenant).tasksPerDay
  if (quotas === undefined || most === undefined) return NOT_COUNTED
  if (await tasks.findTask(taskId)) return NOT_COUNTED
  const now = clock.now()
  const day = dayOf(now)
  // Each request has its own: one that comes beside another for the same task must not give back what that one has counted.
  const ticket = `${taskId}#${ids.makeId('n')}`
  if (await quotas.countTask(tenant, day, ticket, most))
    return {
      keep: () => quotas.keepTask(tenant, day, ticket),
      giveBack: () => quotas.giveBackTask(tenant, day, ticket),
    }
  // Another request has taken the last place, and stored this task meanwhile.
  if (await tasks.findTask(taskId)) return NOT_COUNTED
  await tellReached({ bus, clock }, { tenant, quota: 'tasksPerDay', period: day, limit: most })
  const [then, seconds] = [nextDay(now), secondsTo(nextDay(now), now)]
  const message = `tenant "${tenant}" has used its quota of ${most} tasks a day (tasksPerDay of the stage); the next day begins at ${then.toISOString()}`
  throw new OrchestratorError('QuotaExceededError', message, {
    tenant,
    quota: 'tasksPerDay',
    headers: { 'retry-after': String(seconds) },
  })
}
