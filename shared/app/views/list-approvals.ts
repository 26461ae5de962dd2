import type * as z from 'zod'
import type { ListApprovalsSchema } from '../../contracts/list-requests.ts'
import { API_PREFIX } from '../../contracts/route.ts'
import type { OpenApprovalView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import { isOpenTask, type OpenTask } from '../../domain/task.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports, Wait } from '../../ports/index.ts'
import { lookAgain } from '../waits/agree-on-waiting.ts'

type Asked = z.output<typeof ListApprovalsSchema>
type Needs = Pick<Ports, 'tasks' | 'steps' | 'waits'>

/** The most reads of the index for one page: filtered results may leave it with fewer approvals than its limit. */
const MOST_READS = 10

/** The approvals of the caller's tenant that can be answered now, by expiry. */
export const listApprovals =
  (ports: Needs) =>
  async (
    { limit, cursor, ...filter }: Asked,
    { tenant }: Caller,
  ): Promise<{ approvals: OpenApprovalView[]; cursor?: string }> => {
    const approvals: OpenApprovalView[] = []
    let next = cursor
    for (let reads = 0; reads < MOST_READS; reads++) {
      const query = { tenant, limit: limit - approvals.length, cursor: next }
      const page = await ports.waits.listApprovals(withoutUndefined(query))
      const shown = await Promise.all(page.waits.map((wait) => viewOf(ports, wait)))
      approvals.push(...shown.flatMap((one) => (one && fits(one, filter) ? [one] : [])))
      next = page.cursor
      if (next === undefined || approvals.length >= limit) break
    }
    return withoutUndefined({ approvals, cursor: next })
  }

const fits = (
  { approvers, workflow: { name } }: OpenApprovalView,
  { approver, workflow }: Pick<Asked, 'approver' | 'workflow'>,
): boolean =>
  (approver === undefined || !approvers || approvers.includes(approver)) &&
  (workflow === undefined || workflow === name)

/**
 * The view of an open approval; undefined when it cannot be answered any more. The records of task and step decide,
 * because the index may lag; stale entries are removed.
 */
async function viewOf(ports: Needs, wait: Wait): Promise<OpenApprovalView | undefined> {
  const { taskId, path, since } = wait
  const [task, [step]] = await Promise.all([
    ports.tasks.findTask(taskId),
    ports.steps.findSteps(taskId, [path]),
  ])
  const asked = step?.approval
  if (!task || !isOpenTask(task) || (step && step.status !== 'running')) {
    // With `since`, because the step may wait again meanwhile, in a retry of the task.
    await ports.waits.removeWait({ taskId, path, since })
    if (task && isOpenTask(task)) await lookAgain(ports, task)
    return undefined
  }
  // Just answered: the entry is removed when the step ends.
  if (!asked || asked.answer) return undefined
  const { token: _token, ...question } = asked
  return withoutUndefined({
    ...factsOf(task),
    stepId: path,
    ...question,
    requestedAt: since,
    links: linksOf(taskId, path),
  })
}

const factsOf = ({ id, workflow, metadata, parent }: OpenTask) => ({
  taskId: id,
  workflow,
  metadata,
  parent: parent && { taskId: parent.taskId, path: parent.path },
})

const linksOf = (taskId: string, path: string) => ({
  task: `${API_PREFIX}/tasks/${taskId}`,
  answer: `${API_PREFIX}/tasks/${taskId}/approvals/${encodeURIComponent(path)}`,
})
