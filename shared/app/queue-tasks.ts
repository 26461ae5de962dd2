/**
 * Tasks above what a tenant may run at once wait, and begin as others end.
 *
 * Invariants (tests cite them):
 * V1 never do more tasks of a tenant run than it may, whoever starts them
 * V2 of those that wait the first by rank begins first; a rank never changes, and of a lower priority only those that came long after: so
 *    nobody waits for ever
 * V3 a task that waits begins when there is room, whoever has died on the way: the reconciler carries on what was cut off
 * V4 what has ended holds no place, and does not wait
 */
import type { OpenTask, Task } from '../domain/task.ts'
import { isOpenTask } from '../domain/task.ts'
import type { Ports, QueueEntry } from '../ports/index.ts'
import { startTask } from './start-task.ts'

export type QueueNeeds = Pick<
  Ports,
  'tasks' | 'queue' | 'limits' | 'executions' | 'budgets' | 'bus' | 'clock' | 'prices'
>

/** A step of priority is worth as much of waiting. */
const AGEING_SECONDS = 600
const DEFAULT_PRIORITY = 5
/** Places of tasks are given back, not given up: a task may run for a year, and a day more. */
const HELD_SECONDS = 367 * 86_400
const RANK_DIGITS = 15

const placesOf = (tenant: string): string => `tenant:${tenant}`

/** When it came, less what its priority is worth. Of a retried task, when it was retried. */
export function entryOf({ id, createdAt, retries, priority = DEFAULT_PRIORITY }: Task): QueueEntry {
  const came = Date.parse(retries?.at(-1)?.at ?? createdAt)
  const rank = String(came - priority * AGEING_SECONDS * 1_000).padStart(RANK_DIGITS, '0')
  return { taskId: id, rank }
}

/** Puts a task that is stored as queued in its place, and starts whoever may begin. */
export async function enqueue(ports: QueueNeeds, task: OpenTask): Promise<void> {
  await ports.queue.add(task.tenant, entryOf(task))
  await dispatch(ports, task.tenant)
}

/** Gives back the place of a task that has ended; the next one begins. */
export async function leaveQueue(ports: QueueNeeds, task: Task): Promise<void> {
  const { tenant, id, parent } = task
  // A child runs in its parent's place.
  if (ports.queue.most === undefined || parent) return
  await Promise.all([ports.queue.remove(tenant, entryOf(task)), ports.limits.freeSlot(placesOf(tenant), id)])
  await dispatch(ports, tenant)
}

/** Starts those that wait, the first first, while there are places. */
export async function dispatch(ports: QueueNeeds, tenant: string): Promise<void> {
  const { most } = ports.queue
  for (;;) {
    const entry = await ports.queue.first(tenant)
    if (!entry) return
    if (most !== undefined && !(await takePlace(ports, tenant, entry.taskId, most))) return
    await begin(ports, tenant, entry)
  }
}

/** The same after giving back the places of those that have ended, and starting those that have a place already (V3). */
export async function carryOn(ports: QueueNeeds, tenant: string): Promise<void> {
  for (const id of await ports.limits.listSlots(placesOf(tenant))) {
    const task = await ports.tasks.findTask(id)
    if (task?.status === 'queued') await begin(ports, tenant, entryOf(task))
    else if (!task || !isOpenTask(task)) await ports.limits.freeSlot(placesOf(tenant), id)
  }
  await dispatch(ports, tenant)
}

/** A task that can never be started has failed, and has said so; the next may begin. */
export async function startOrLeave(ports: QueueNeeds, task: OpenTask): Promise<void> {
  try {
    await startTask(ports, task)
  } catch {
    await ports.limits.freeSlot(placesOf(task.tenant), task.id)
  }
}

function takePlace(
  { limits, clock }: QueueNeeds,
  tenant: string,
  id: string,
  most: number,
): Promise<boolean> {
  const until = clock.now().getTime() / 1_000 + HELD_SECONDS
  return limits.takeSlot(placesOf(tenant), { id, until }, most)
}

/** It has a place. Out of the queue only when it runs, or need not any more (V3, V4). */
async function begin(ports: QueueNeeds, tenant: string, entry: QueueEntry): Promise<void> {
  const task = await ports.tasks.findTask(entry.taskId)
  if (task?.status === 'queued') {
    const startedAt = ports.clock.now().toISOString()
    const running = { ...task, status: 'running' as const, startedAt }
    if (await ports.tasks.beginTask(running)) await startOrLeave(ports, running)
  } else if (!task || !isOpenTask(task)) {
    await ports.limits.freeSlot(placesOf(tenant), entry.taskId)
  }
  await ports.queue.remove(tenant, entry)
}
