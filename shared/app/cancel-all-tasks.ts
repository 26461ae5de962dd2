import type * as z from 'zod'
import type { CancelAllSchema } from '../contracts/requests.ts'
import type { TaskView } from '../contracts/views.ts'
import { isOpenTask, OPEN_TASK_STATUSES, type OpenTask } from '../domain/task.ts'
import { cancelOne, type StopNeeds } from './cancel-task.ts'
import { taskView } from './views.ts'

/** At once, and in one call: an API has half a minute. */
const AT_ONCE = 10
const MOST = 100

/** Cancels the open tasks of a tenant; `more` where there are others left, for another call. */
export const cancelAllTasks =
  (ports: StopNeeds) =>
  async ({
    tenant,
    reason,
  }: z.output<typeof CancelAllSchema> & { tenant: string }): Promise<{
    tasks: TaskView[]
    more: boolean
  }> => {
    const pages = await Promise.all(
      OPEN_TASK_STATUSES.map((status) => ports.tasks.listTasks({ tenant, status, limit: MOST })),
    )
    // Parents first: children end with them.
    const open = pages
      .flatMap(({ tasks }) => tasks)
      .filter(isOpenTask)
      .sort((a, b) => (a.parent?.depth ?? 0) - (b.parent?.depth ?? 0))
    const cancelled: TaskView[] = []
    for (let from = 0; from < Math.min(open.length, MOST); from += AT_ONCE) {
      const some = open.slice(from, Math.min(from + AT_ONCE, MOST))
      const ended = await Promise.all(some.map((task) => cancelLatest(ports, task, reason)))
      cancelled.push(...ended.flatMap((task) => task ?? []))
    }
    return { tasks: cancelled, more: open.length > MOST || pages.some(({ cursor }) => cursor !== undefined) }
  }

/** Lists are behind; with its parent it may have ended already. */
async function cancelLatest(
  ports: StopNeeds,
  { id }: OpenTask,
  reason: string,
): Promise<TaskView | undefined> {
  const task = await ports.tasks.findTask(id)
  if (!task) return undefined
  if (!isOpenTask(task)) return task.status === 'cancelled' && task.parent ? taskView(task) : undefined
  const cancelled = await cancelOne(ports, task, reason)
  return cancelled && taskView(cancelled)
}
