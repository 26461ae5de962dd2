/**
 * The `tasks` port for stages that delete ended tasks after some days (DynamoDB TTL, and a tag on S3 objects). Settling
 * a task sets the expiry of everything that belongs to it; reopening it removes the expiry.
 *
 * Invariants (tests cite them):
 * expiry/X1 nothing of an open task expires, nor of a child while its parent is open: a retry of the parent would retry
 *    its children too
 * expiry/X2 an interrupted call leaves too much behind, never too little: a task has ended before its expiry is set,
 *    and the expiry is removed before it is reopened. Repeating the call completes it; the event of an execution's end
 *    repeats it, even if the task had ended before
 * expiry/X3 the parts of a task exist at least as long as its own item: they expire a week later
 */
import { type EndedTask, isOpenTask, type Task } from '../../../../shared/domain/task.ts'
import type { Steps, Tasks } from '../../../../shared/ports/index.ts'
import { type Expiry, expiryAfter } from './expiry-after.ts'
import type { TaskExpiry } from './task-expiry.ts'

type Settings = { steps: Pick<Steps, 'listSteps'>; expiry: TaskExpiry; days: number }

/** How the expiry of a task and its children is set, as for one that is kept for `days`, and removed. */
export function expiryOfTasks(
  tasks: Pick<Tasks, 'findTask'>,
  { steps, expiry, days }: Settings,
): { settle(task: EndedTask): Promise<void>; keepAll(task: Task): Promise<void> } {
  const childrenOf = async (id: string): Promise<Task[]> => {
    const records = await steps.listSteps(id)
    const ids = [...new Set(records.flatMap(({ child }) => child ?? []))]
    const found = await Promise.all(ids.map((child) => tasks.findTask(child)))
    return found.filter((task) => task !== undefined)
  }

  /** Sets the expiry of the children of a task, and of their children. */
  async function expireChildren(id: string, when: Expiry): Promise<void> {
    for (const child of await childrenOf(id)) {
      // An open child is settled later, and looks up its parents then.
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

  /** The latest end of a task and its ancestors; undefined while one of them is open. */
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
    // An open ancestor sets the expiry when it is settled (expiry/X1).
    if (end === undefined) return
    const when = expiryAfter(end, days)
    await expiry.expireRest(task, when)
    await expireChildren(task.id, when)
    await expiry.expireTask(task, when.task)
    // The task or an ancestor may have been reopened concurrently; then the expiry is removed again.
    const now = await tasks.findTask(task.id)
    if (now && (await endOfAll(now)) === undefined) await keepAll(now)
  }

  return { settle, keepAll }
}

export function expiringTasks(tasks: Tasks, settings: Settings): Tasks {
  const { settle, keepAll } = expiryOfTasks(tasks, settings)
  return {
    ...tasks,

    settleTask: settle,

    async reopenTask(task, before) {
      await keepAll(task)
      if (await tasks.reopenTask(task, before)) {
        // A concurrent late end may have set the expiry again.
        await keepAll(task)
        return true
      }
      const now = await tasks.findTask(task.id)
      if (now && !isOpenTask(now)) await settle(now)
      return false
    },
  }
}
