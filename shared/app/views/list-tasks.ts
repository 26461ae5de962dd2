import type * as z from 'zod'
import type { ListTasksSchema } from '../../contracts/list-requests.ts'
import type { TaskView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import { parseTime } from '../../domain/times.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports, TaskFilter } from '../../ports/index.ts'
import { getTask } from './get-task.ts'
import { taskView } from './task-views.ts'

type Asked = z.output<typeof ListTasksSchema>
type Needs = Pick<Ports, 'tasks'>

/**
 * A page of the caller's tasks, newest first: those that are no children, unless asked otherwise. The children of tasks that wait are listed,
 * too: it is they that a person or a time is to come for, while their parents run.
 * Throws NotFoundError for an unknown parent.
 */
export const listTasks =
  (ports: Needs) =>
  async (asked: Asked, caller: Caller): Promise<{ tasks: TaskView[]; cursor?: string }> => {
    const { from, to, limit, cursor, parent, ...rest } = asked
    const { children = asked.status === 'waiting' } = rest
    const { tenant } = caller
    const range = await rangeOf(ports, asked, caller)
    if (!range) return { tasks: [] }
    const { children: _, ...others } = rest
    const filter: TaskFilter = withoutUndefined({
      ...others,
      ...range,
      parent: parent ?? (children ? undefined : null),
    })
    const page = await ports.tasks.listTasks(withoutUndefined({ ...filter, tenant, limit, cursor }))
    return withoutUndefined({ tasks: page.tasks.map(taskView), cursor: page.cursor })
  }

const WHOLE_ID = 28

/**
 * The range of creation times of the requested tasks; undefined when there can be none. Narrowed for a known id or
 * parent (children are created after their parent), so that not the whole list is read.
 */
async function rangeOf(
  { tasks }: Needs,
  { from, to, id, parent }: Asked,
  caller: Caller,
): Promise<{ from: string | undefined; to: string | undefined } | undefined> {
  const range = { from: utcOf(from), to: utcOf(to) }
  const after = parent === undefined ? '' : (await getTask({ tasks }, parent, caller)).createdAt
  if (after > (range.from ?? '')) range.from = after
  if (id?.length !== WHOLE_ID) return range
  const only = await tasks.findTask(id)
  if (!only || only.createdAt < (range.from ?? '') || only.createdAt >= (range.to ?? '~')) return undefined
  const next = new Date(Date.parse(only.createdAt) + 1).toISOString()
  return { from: only.createdAt, to: next }
}

/** The time in the format of records, so that they compare as text. */
function utcOf(time: string | undefined): string | undefined {
  const parsed = parseTime(time)
  return parsed === undefined ? undefined : new Date(parsed).toISOString()
}
