import type * as z from 'zod'
import { NAMELESS } from '../../contracts/approval-requests.ts'
import type { OpenApprovalView } from '../../contracts/approval-views.ts'
import type { ListApprovalsSchema } from '../../contracts/list-requests.ts'
import { API_PREFIX } from '../../contracts/route.ts'
import { ROUTES } from '../../contracts/routes.ts'
import { shownApproval } from '../../domain/approval.ts'
import { type Caller, mayDo } from '../../domain/caller.ts'
import { isOpenTask, type OpenTask } from '../../domain/task.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Ports, Wait } from '../../ports/index.ts'
import { type Decider, deciderOf, namedDecider, whyNot } from '../identity/decider.ts'
import { lookAgain } from '../waits/agree-on-waiting.ts'

type Asked = z.output<typeof ListApprovalsSchema>
type Needs = Pick<Ports, 'tasks' | 'steps' | 'waits' | 'keys'>

/** The most reads of the index for one page: filtered results may leave it with fewer approvals than its limit. */
const MOST_READS = 10

/** The approvals of the caller's tenant that can be answered now, by expiry. */
export const listApprovals =
  (ports: Needs) =>
  async (
    { limit, cursor, workflow, ...whose }: Asked,
    caller: Caller,
  ): Promise<{ approvals: OpenApprovalView[]; cursor?: string }> => {
    const { tenant } = caller
    const decider = await wantedDecider(ports, whose, caller)
    const approvals: OpenApprovalView[] = []
    if (decider === NONE) return { approvals }
    const wanted = { decider, workflow }
    let next = cursor
    for (let reads = 0; reads < MOST_READS; reads++) {
      const query = { tenant, limit: limit - approvals.length, cursor: next }
      const page = await ports.waits.listApprovals(withoutUndefined(query))
      const shown = await Promise.all(page.waits.map((wait) => viewOf(ports, wait, wanted)))
      approvals.push(...shown.filter((one) => one !== undefined))
      next = page.cursor
      if (next === undefined || approvals.length >= limit) break
    }
    return withoutUndefined({ approvals, cursor: next })
  }

type Wanted = { decider: Decider | undefined; workflow: string | undefined }

/** Who is asked for may answer no approval, for lack of the scope. */
const NONE = 'none'

/**
 * Whose approvals are asked for (approval/O14): the caller's own, or those of somebody of whom only the name is known, so that no approval is his by a scope; the
 * laptop's own user answers for anybody. Undefined for everybody's.
 */
async function wantedDecider(
  ports: Needs,
  { mine, approver }: Pick<Asked, 'mine' | 'approver'>,
  caller: Caller,
): Promise<Decider | typeof NONE | undefined> {
  const isLocal = caller.kind === 'local'
  if (mine !== true && approver === undefined) return undefined
  if ((mine === true || isLocal) && !mayDo(caller, ROUTES.answerApproval.scope)) return NONE
  if (mine !== true && !isLocal) return namedDecider(approver ?? '')
  return deciderOf(ports, caller, approver ?? NAMELESS)
}

/**
 * The view of an open approval; undefined when it cannot be answered any more, or is not wanted. The records of task and step decide,
 * because the index may lag; stale entries are removed.
 */
async function viewOf(
  ports: Needs,
  wait: Wait,
  { decider, workflow }: Wanted,
): Promise<OpenApprovalView | undefined> {
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
  if (workflow !== undefined && task.workflow.name !== workflow) return undefined
  if (decider && (await whyNot(ports, task, asked, decider)) !== undefined) return undefined
  const question = shownApproval(asked)
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
