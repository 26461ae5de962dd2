import type * as z from 'zod'
import type { CancelAllSchema } from '../../contracts/requests.ts'
import type { TaskView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import { isOpenTask, OPEN_TASK_STATUSES, type OpenTask } from '../../domain/task.ts'
import { taskView } from '../views/task-views.ts'
import { cancelOne, type StopNeeds } from './cancel-task.ts'
import { dispatch } from './queue-tasks.ts'

/** Tasks cancelled concurrently, and in one request: API Gateway gives up after about half a minute. */
const AT_ONCE = 10
const MOST = 100
/** Running tasks first, because they cost money; queued tasks can wait longer. */
const IN_ORDER = OPEN_TASK_STATUSES.toSorted((a, b) => Number(a === 'queued') - Number(b === 'queued'))

type Stopped = {
  tasks: TaskView[]
  /** Tasks that could not be stopped completely and must be cancelled again. */
  failed: { taskId: string; error: string }[]
  more: boolean
}

/** Cancels the open tasks of the caller's tenant; `more` says that others are left for another call. */
export const cancelAllTasks =
  (ports: StopNeeds) =>
  async ({ reason }: z.output<typeof CancelAllSchema>, { tenant }: Caller): Promise<Stopped> => {
    const pages = await Promise.all(
      IN_ORDER.map((status) => ports.tasks.listTasks({ tenant, status, limit: MOST })),
    )
    // Parents first, because their children end with them.
    const open = pages.flatMap(({ tasks }) =>
      tasks.filter(isOpenTask).sort((a, b) => (a.parent?.depth ?? 0) - (b.parent?.depth ?? 0)),
    )
    const stopped: Stopped = {
      tasks: [],
      failed: [],
      more: open.length > MOST || pages.some(({ cursor }) => cursor !== undefined),
    }
    for (let from = 0; from < Math.min(open.length, MOST); from += AT_ONCE) {
      const some = open.slice(from, Math.min(from + AT_ONCE, MOST))
      await Promise.all(some.map((task) => cancelInto(stopped, ports, task, reason)))
    }
    // Where nothing is limited nothing is queued, and the queue may not be read.
    if (!stopped.more && ports.queue.mostOf(tenant) !== undefined) await dispatch(ports, tenant)
    return stopped
  }

/** Collects a failure, so that it does not stop the cancellation of other tasks. */
async function cancelInto(stopped: Stopped, ports: StopNeeds, task: OpenTask, reason: string): Promise<void> {
  try {
    const cancelled = await cancelLatest(ports, task, reason)
    if (cancelled) stopped.tasks.push(cancelled)
  } catch (error) {
    stopped.failed.push({ taskId: task.id, error: error instanceof Error ? error.message : String(error) })
  }
}

/** Reads the task again: lists are eventually consistent, and a child may have ended with its parent. */
async function cancelLatest(
  ports: StopNeeds,
  { id }: OpenTask,
  reason: string,
): Promise<TaskView | undefined> {
  const task = await ports.tasks.findTask(id)
  if (!task) return undefined
  if (!isOpenTask(task)) return task.status === 'cancelled' && task.parent ? taskView(task) : undefined
  const cancelled = await cancelOne(ports, task, reason, { next: false })
  return cancelled && taskView(cancelled)
}
