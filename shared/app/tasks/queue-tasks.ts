/**
 * Tasks above what a tenant may run at once wait, and begin as others end.
 *
 * Invariants (tests cite them):
 * queue/V1 never do more tasks of a tenant run than it may, whoever starts them
 * queue/V2 of those that wait the first by rank begins first; a rank never changes, and of a lower priority only those that came long after: so
 *    nobody waits for ever
 * queue/V3 a task that waits begins when there is room, whoever has died on the way: the reconciler carries on what was cut off
 * queue/V4 what has ended holds no place, and does not wait
 */
import { executionName, isOpenTask, type OpenTask, parseExecutionName, type Task } from '../../domain/task.ts'
import type { Ports, QueueEntry } from '../../ports/index.ts'
import { startTask } from './start-task.ts'

export type QueueNeeds = Pick<
  Ports,
  'tasks' | 'plans' | 'queue' | 'limits' | 'executions' | 'budgets' | 'bus' | 'clock' | 'prices'
>

/** A step of priority is worth as much of waiting. */
const AGEING_SECONDS = 600
const DEFAULT_PRIORITY = 5
/** Places of tasks are given back, not given up: a task may run for a year, and a day more. */
const HELD_SECONDS = 367 * 86_400
const RANK_DIGITS = 15

/** A place is an execution's: a task that is retried takes one anew, and whoever gives back the old one does not give back that. */
const placeIn = (task: Pick<Task, 'id' | 'execution'>): string => executionName(task)
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

/** Gives back the place of a task that has ended; the next one begins, unless it is not to. */
export async function leaveQueue(ports: QueueNeeds, task: Task, { next = true } = {}): Promise<void> {
  const { tenant, parent } = task
  // A child runs in its parent's place.
  if (ports.queue.most === undefined || parent) return
  await Promise.all([
    ports.queue.remove(tenant, entryOf(task)),
    ports.limits.freeSlot(placesOf(tenant), placeIn(task)),
  ])
  if (next) await dispatch(ports, tenant)
}

/** Starts those that wait, the first first, while there are places. */
export async function dispatch(ports: QueueNeeds, tenant: string): Promise<void> {
  for (;;) {
    const entry = await ports.queue.first(tenant)
    if (!entry) return
    const task = await ports.tasks.findTask(entry.taskId)
    if (task?.status === 'queued') {
      if (!(await takePlace(ports, task))) return
      await begin(ports, task)
    }
    // Out of the queue only when it runs, or need not any more (queue/V3, queue/V4).
    await ports.queue.remove(tenant, entry)
  }
}

/** The same after giving back the places of those that have ended, and starting those that have a place already (queue/V3). */
export async function carryOn(ports: QueueNeeds, tenant: string): Promise<void> {
  for (const place of await ports.limits.listSlots(placesOf(tenant))) {
    const { taskId = place, execution } = parseExecutionName(place) ?? {}
    const task = await ports.tasks.findTask(taskId)
    const isOurs = task !== undefined && isOpenTask(task) && task.execution === execution
    if (!isOurs) await ports.limits.freeSlot(placesOf(tenant), place)
    else if (task.status === 'queued') {
      await begin(ports, task)
      await ports.queue.remove(tenant, entryOf(task))
    }
  }
  await dispatch(ports, tenant)
}

/** A task that can never be started has failed, and has said so: its place is free. What else goes wrong the reconciler mends. */
export async function startOrLeave(ports: QueueNeeds, task: OpenTask): Promise<void> {
  try {
    await startTask(ports, task)
  } catch (error) {
    const now = await ports.tasks.findTask(task.id)
    if (!now || isOpenTask(now)) throw error
    await ports.limits.freeSlot(placesOf(task.tenant), placeIn(task))
  }
}

async function takePlace({ limits, clock, queue }: QueueNeeds, task: OpenTask): Promise<boolean> {
  if (queue.most === undefined) return true
  const until = clock.now().getTime() / 1_000 + HELD_SECONDS
  return limits.takeSlot(placesOf(task.tenant), { id: placeIn(task), until }, queue.most)
}

/** It has a place. */
async function begin(ports: QueueNeeds, task: OpenTask): Promise<void> {
  const startedAt = ports.clock.now().toISOString()
  const running = { ...task, status: 'running' as const, startedAt }
  if (await ports.tasks.beginTask(running)) return startOrLeave(ports, running)
  // Somebody else has begun it, or it has ended meanwhile (queue/V4).
  const now = await ports.tasks.findTask(task.id)
  if (!now || !isOpenTask(now) || now.execution !== task.execution)
    await ports.limits.freeSlot(placesOf(task.tenant), placeIn(task))
}
