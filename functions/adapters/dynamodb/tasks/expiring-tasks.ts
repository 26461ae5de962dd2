/**
 * Tasks of an installation that keeps ended ones for some days: a task is settled, or opened again, through this.
 * `tasks` writes with the task itself when that goes.
 *
 * Invariants (tests cite them):
 * expiry/X1 nothing of an open task expires, and nothing of a child as long as its parent is open: that may be retried, and its children with it
 * expiry/X2 what is cut off half-way keeps too much, never too little: a task has ended before it is marked, and is unmarked before it is
 *     opened. The same call again does the rest; the end of an execution makes it, also where the task had ended before
 * expiry/X3 all that a task has is there for as long as the task is: the rest goes a week after it
 */
import { type EndedTask, isOpenTask, type Task } from '../../../../shared/domain/task.ts'
import type { Steps, Tasks } from '../../../../shared/ports/index.ts'
import { type Expiry, expiryAfter } from './expiry-after.ts'
import type { TaskExpiry } from './task-expiry.ts'

type Settings = { steps: Pick<Steps, 'listSteps'>; expiry: TaskExpiry; days: number }

export function expiringTasks(tasks: Tasks, { steps, expiry, days }: Settings): Tasks {
  const childrenOf = async (id: string): Promise<Task[]> => {
    const records = await steps.listSteps(id)
    const ids = [...new Set(records.flatMap(({ child }) => child ?? []))]
    const found = await Promise.all(ids.map((child) => tasks.findTask(child)))
    return found.filter((task) => task !== undefined)
  }

  /** Marks a task that ends with its parent, and those below it. */
  async function expireChildren(id: string, when: Expiry): Promise<void> {
    for (const child of await childrenOf(id)) {
      // One that is still open looks for its parent when it is settled.
      if (isOpenTask(child)) continue
      await expiry.expireRest(child, when)
      await expireChildren(child.id, when)
      await expiry.expireTask(child, when.rest)
    }
  }

  async function keepAll(task: Task): Promise<void> {
    await expiry.keep(task)
    for (const child of await childrenOf(task.id)) await keepAll(child)
  }

  /** The last end of a task and those above it; undefined as long as one of them is open. */
  async function endOfAll(task: Task): Promise<string | undefined> {
    let end = ''
    for (let at: Task | undefined = task; at; at = at.parent && (await tasks.findTask(at.parent.taskId))) {
      if (isOpenTask(at)) return undefined
      if (at.endedAt > end) end = at.endedAt
    }
    return end
  }

  async function settle(task: EndedTask): Promise<void> {
    const end = await endOfAll(task)
    // It goes with what is open above it (expiry/X1).
    if (end === undefined) return
    const when = expiryAfter(end, days)
    await expiry.expireRest(task, when)
    await expireChildren(task.id, when)
    await expiry.expireTask(task, when.task)
    // It, or one above it, may have been opened again meanwhile.
    const now = await tasks.findTask(task.id)
    if (now && (await endOfAll(now)) === undefined) await keepAll(now)
  }

  return {
    ...tasks,

    settleTask: settle,

    async reopenTask(task, before) {
      await keepAll(task)
      if (await tasks.reopenTask(task, before)) {
        // A late end may have marked it once more meanwhile.
        await keepAll(task)
        return true
      }
      const now = await tasks.findTask(task.id)
      if (now && !isOpenTask(now)) await settle(now)
      return false
    },
  }
}
