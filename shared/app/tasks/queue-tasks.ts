/**
 * Tasks above a tenant's concurrency limit are queued, and start as others end.
 *
 * Invariants (tests cite them):
 * queue/V1 no more tasks of a tenant run than its limit, however many processes start them
 * queue/V2 the waiting task with the lowest rank starts first; a rank never changes, and a task of higher priority passes only tasks that
 *    came not long before it, so that no task starves
 * queue/V3 a waiting task starts when a slot is free, even after a crash: the reconciler completes interrupted work
 * queue/V4 an ended task holds no slot, and does not wait
 */
import {
  executionName,
  isOpenTask,
  type OpenTask,
  parseExecutionName,
  statusAtStart,
  type Task,
} from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'
import { entryOf } from '../views/queue-entry.ts'
import { startTask } from './start-task.ts'

export type QueueNeeds = Pick<
  Ports,
  'tasks' | 'plans' | 'queue' | 'limits' | 'executions' | 'budgets' | 'bus' | 'clock' | 'prices'
>

/** Slots of tasks are freed explicitly; their lease must be longer than any task, which may run for a year. */
const HELD_SECONDS = 367 * 86_400

/** A slot belongs to an execution: a retry takes a new one, and freeing the old one does not free it. */
const placeIn = (task: Pick<Task, 'id' | 'execution'>): string => executionName(task)
const placesOf = (tenant: string): string => `tenant:${tenant}`

/** Adds a task that is stored as queued, and starts tasks for which there are slots. */
export async function enqueue(ports: QueueNeeds, task: OpenTask): Promise<void> {
  await ports.queue.add(task.tenant, entryOf(task))
  await dispatch(ports, task.tenant)
}

/** Frees the slot of an ended task and, unless `next` is false, starts the next one. */
export async function leaveQueue(ports: QueueNeeds, task: Task, { next = true } = {}): Promise<void> {
  const { tenant, parent } = task
  // A child runs in its parent's slot.
  if (ports.queue.mostOf(tenant) === undefined || parent) return
  await Promise.all([
    ports.queue.remove(tenant, entryOf(task)),
    ports.limits.freeSlot(placesOf(tenant), placeIn(task)),
  ])
  if (next) await dispatch(ports, tenant)
}

/** Starts waiting tasks in order of rank while there are slots. */
export async function dispatch(ports: QueueNeeds, tenant: string): Promise<void> {
  for (;;) {
    const entry = await ports.queue.first(tenant)
    if (!entry) return
    const task = await ports.tasks.findTask(entry.taskId)
    if (task?.status === 'queued') {
      if (!(await takePlace(ports, task))) return
      await begin(ports, task)
    }
    // Removed from the queue only after it has started or ended (queue/V3, queue/V4).
    await ports.queue.remove(tenant, entry)
  }
}

/** The same, after freeing slots of ended tasks and starting tasks that have a slot already (queue/V3). */
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

/** Frees the slot of a task that can never be started, which is recorded as failed. Other errors are left to the reconciler. */
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
  const most = queue.mostOf(task.tenant)
  if (most === undefined) return true
  const until = clock.now().getTime() / 1_000 + HELD_SECONDS
  return limits.takeSlot(placesOf(task.tenant), { id: placeIn(task), until }, most)
}

/** Starts a task that has a slot. */
async function begin(ports: QueueNeeds, task: OpenTask): Promise<void> {
  const startedAt = ports.clock.now().toISOString()
  const running = { ...task, status: statusAtStart(task), startedAt }
  if (await ports.tasks.beginTask(running)) return startOrLeave(ports, running)
  // Another process has started it, or it has ended meanwhile (queue/V4).
  const now = await ports.tasks.findTask(task.id)
  if (!now || !isOpenTask(now) || now.execution !== task.execution)
    await ports.limits.freeSlot(placesOf(task.tenant), placeIn(task))
}

/** Starts a queued task after the limit has been removed from the stage. */
export async function startUnlimited(ports: QueueNeeds, task: OpenTask): Promise<boolean> {
  const running = { ...task, status: statusAtStart(task), startedAt: ports.clock.now().toISOString() }
  if (!(await ports.tasks.beginTask(running))) return false
  await startTask(ports, running)
  return true
}
