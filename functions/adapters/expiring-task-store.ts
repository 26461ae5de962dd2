/**
 * The task store of an installation that keeps ended tasks for some days: whoever ends a task, or opens it again, does so through this.
 * `store` writes with the task itself when that goes.
 *
 * Invariants (tests cite them):
 * XP1 nothing of an open task expires, and nothing of a child as long as its parent is open: that may be retried, and its children with it
 * XP2 what is cut off half-way leaves too much, never too little: a task is marked before it ends, and unmarked before it is opened
 * XP3 all that a task has is there for as long as the task is: the rest goes a week after it
 */
import { isOpenTask, type Task } from '../../shared/domain/task.ts'
import type { TaskStore } from '../../shared/ports/index.ts'
import { type Expiry, expiryAfter } from './expiry-after.ts'
import type { TaskExpiry } from './task-expiry.ts'

type Settings = { expiry: TaskExpiry; days: number }

export function expiringTaskStore(store: TaskStore, { expiry, days }: Settings): TaskStore {
  const childrenOf = async (id: string): Promise<Task[]> => {
    const steps = await store.listSteps(id)
    const ids = [...new Set(steps.flatMap(({ child }) => child ?? []))]
    const found = await Promise.all(ids.map((child) => store.findTask(child)))
    return found.filter((task) => task !== undefined)
  }

  /** Marks a task that ends with its parent, and those below it. */
  async function expireChildren(id: string, when: Expiry): Promise<void> {
    for (const child of await childrenOf(id)) {
      // One that is still open looks for its parent when it ends.
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

  const hasOpenParent = async ({ parent }: Task): Promise<boolean> => {
    const above = parent && (await store.findTask(parent.taskId))
    return above !== undefined && isOpenTask(above)
  }

  return {
    ...store,

    async endTask(task) {
      if (await hasOpenParent(task)) {
        if (!(await store.endTask(task))) return false
        // The parent may have ended meanwhile, and have found its child open.
        if (!(await hasOpenParent(task))) await expireWhole(task)
        return true
      }
      const when = expiryAfter(task.endedAt, days)
      await expiry.expireRest(task, when)
      if (await store.endTask(task)) {
        if (task.parent) await expiry.expireTask(task, when.task)
        await expireChildren(task.id, when)
        return true
      }
      // Another has ended it, and perhaps a third has opened it again.
      const now = await store.findTask(task.id)
      if (now && isOpenTask(now)) await keepAll(now)
      return false
    },

    async reopenTask(task, before) {
      await keepAll(task)
      if (await store.reopenTask(task, before)) return true
      const now = await store.findTask(task.id)
      if (now && !isOpenTask(now)) await expireWhole(now)
      return false
    },
  }

  async function expireWhole(task: Extract<Task, { endedAt: string }>): Promise<void> {
    const when = expiryAfter(task.endedAt, days)
    await expiry.expireRest(task, when)
    await expireChildren(task.id, when)
    await expiry.expireTask(task, when.task)
  }
}
