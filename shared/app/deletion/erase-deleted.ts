/** Removes what is left of deleted tasks. It may run any number of times at once, and end at any instant (deletion/D2). */
import { failureOf } from '../../domain/bounded.ts'
import { type DeletedTask, LATE_WRITES_MINUTES, MARK_DAYS } from '../../domain/deleted-task.ts'
import { executionName, isOpenTask, type Task } from '../../domain/task.ts'
import type { IsTimeUp } from '../../ports/deletions.ts'
import type { Ports } from '../../ports/index.ts'
import { cancelOne, type StopNeeds } from '../tasks/cancel-task.ts'

export type EraseNeeds = StopNeeds & Pick<Ports, 'deletions'>
export type Erased = {
  /** Passes that have ended; a task has two. */
  passes: number
  /** Tasks of which nothing is left. */
  gone: number
  failed: { taskId: string; error: string }[]
}

const MINUTE = 60_000
const DAY = 86_400_000
const PAGE = 100
const AT_ONCE = 4
const MOST_FAILED_TOLD = 50

/** The failure of one task does not stop the others; the next run tries it again. */
export const eraseDeleted =
  (ports: EraseNeeds) =>
  async (isTimeUp: IsTimeUp = () => false): Promise<Erased> => {
    const outcome: Erased = { passes: 0, gone: 0, failed: [] }
    const tried = new Set<string>()
    for (;;) {
      const due = await ports.deletions.listDeleted({
        dueBefore: `${ports.clock.now().toISOString()}~`,
        limit: PAGE + tried.size,
      })
      const next = due.filter((task) => !tried.has(passOf(task)))
      if (next.length === 0) return outcome
      for (let at = 0; at < next.length; at += AT_ONCE) {
        if (isTimeUp()) return outcome
        await Promise.all(
          next.slice(at, at + AT_ONCE).map((task) => eraseInto(outcome, ports, task, isTimeUp)),
        )
      }
      // The index may show for a moment what is done.
      for (const task of next) tried.add(passOf(task))
    }
  }

const passOf = ({ id, pass }: DeletedTask): string => `${id} ${pass}`

async function eraseInto(
  outcome: Erased,
  ports: EraseNeeds,
  task: DeletedTask,
  isTimeUp: IsTimeUp,
): Promise<void> {
  try {
    if (!(await eraseOne(ports, task, isTimeUp))) return
    outcome.passes += 1
    if (task.pass === 'late') outcome.gone += 1
  } catch (error) {
    if (outcome.failed.length < MOST_FAILED_TOLD)
      outcome.failed.push({ taskId: task.id, error: failureOf(error).message })
  }
}

/** One pass over a task: its children are marked before anything of it is removed, so that they are found again after a crash. */
async function eraseOne(ports: EraseNeeds, task: DeletedTask, isTimeUp: IsTimeUp): Promise<boolean> {
  const { deletions, executions, clock } = ports
  if (task.pass === 'first') {
    // A task that was cancelled may have an execution that is about to stop, and one of its states writes to the table itself.
    const name = executionName({ id: task.id, execution: task.executions })
    await executions.stop({ stateMachineArn: task.stateMachineArn, name }, 'its task was deleted')
  }
  await markChildren(ports, task)
  if (!(await deletions.eraseTask(task, isTimeUp))) return false
  const now = clock.now().getTime()
  if (task.pass === 'late') {
    await deletions.closeMark(task, new Date(now + MARK_DAYS * DAY).toISOString())
    return true
  }
  const due = new Date(now + LATE_WRITES_MINUTES * MINUTE).toISOString()
  await deletions.passOn(task, { pass: 'late', due })
  return true
}

/**
 * Found by the lists and not by the steps of their parent: an invocation that has stored a child may have ended before it noted it. No child is begun
 * outside of its parent's life, but by an invocation that outlives it.
 */
async function markChildren(
  ports: EraseNeeds,
  { id, tenant, createdAt, endedAt }: DeletedTask,
): Promise<void> {
  const to = new Date(Date.parse(endedAt) + LATE_WRITES_MINUTES * MINUTE).toISOString()
  let cursor: string | undefined
  do {
    const page = await ports.tasks.listTasks({
      tenant,
      parent: id,
      from: createdAt,
      to,
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const child of page.tasks) await markChild(ports, child)
    cursor = page.cursor
  } while (cursor !== undefined)
}

async function markChild(ports: EraseNeeds, { id }: Pick<Task, 'id'>): Promise<void> {
  const found = await ports.tasks.findTask(id)
  if (!found) return
  const child = isOpenTask(found) ? await cancelOne(ports, found, 'its parent was deleted') : found
  const ended = child ?? (await ports.tasks.findTask(id))
  if (ended && !isOpenTask(ended)) await ports.deletions.markDeleted(ended, ports.clock.now().toISOString())
}
