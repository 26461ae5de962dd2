/**
 * Invariants (tests cite them):
 * submit/S1 an accepted task is stored and will run: its execution is started here, or by the reconciler
 * submit/S2 an Idempotency-Key identifies one task: the same request finds it, a different request is refused
 * submit/S3 a refused request leaves nothing behind
 */
import type { SubmitTask } from '../../contracts/requests.ts'
import type { TaskView } from '../../contracts/views.ts'
import type { Caller } from '../../domain/caller.ts'
import { boundedIssues } from '../../domain/issue.ts'
import { isOpenTask } from '../../domain/task.ts'
import type { Ports } from '../../ports/index.ts'
import { recordLoad } from '../choice/choose-agents.ts'
import { rememberEstimates } from '../estimates/remember-estimates.ts'
import { requestForGoal } from '../goals/goal-request.ts'
import { identitiesOf } from '../keys/identities-of.ts'
import { planSubmission, type SubmissionNeeds } from '../planning/plan-submission.ts'
import { digestOf, refuseDeleted, taskIdOf } from '../planning/task-request.ts'
import { withinTenant } from '../tenants/within-tenant.ts'
import { taskView } from '../views/task-views.ts'
import { enqueue } from './queue-tasks.ts'
import { startTask } from './start-task.ts'
import { requireSame, storeTask } from './store-task.ts'

type Needs = SubmissionNeeds &
  Pick<Ports, 'tasks' | 'plans' | 'bus' | 'executions' | 'budgets' | 'queue' | 'keys'> &
  Partial<Pick<Ports, 'quotas'>>

/** Plans, stores and starts a task. Throws InvalidInputError, NotFoundError, NoAgentError, ConflictError, QuotaExceededError. */
export const submitTask = (all: Needs) => {
  const estimateOf = rememberEstimates(all)
  return async (request: SubmitTask, caller: Caller): Promise<TaskView> => {
    const ports = withinTenant(all, caller.tenant)
    const digest = digestOf(ports, request)
    const taskId = taskIdOf(ports, request, caller)
    await refuseDeleted(ports, request, taskId)
    const planned = await planSubmission(ports, requestForGoal(request), caller, {
      taskId,
      requestDigest: digest,
      estimateOf,
    }).catch(async (refusal: unknown) => {
      // A repeat finds its task even if the request would be refused by now (submit/S2).
      const before = request.idempotencyKey ? await ports.tasks.findTask(taskId) : undefined
      if (!before) throw refusal
      requireSame(taskId, before, digest)
      return { before }
    })
    if ('before' in planned) return taskView(planned.before)
    const submittedBy = await identitiesOf(ports, caller)
    const waits = ports.queue.mostOf(caller.tenant) !== undefined
    const {
      task,
      plan: stored,
      first,
      told,
    } = await storeTask(
      ports,
      { ...planned.plan, submittedBy },
      {
        status: waits ? 'queued' : planned.plan.goal === undefined ? 'running' : 'planning',
      },
    )
    const warnings = planned.warnings.length > 0 ? { warnings: boundedIssues(planned.warnings) } : {}
    if (!first || !isOpenTask(task)) return { ...taskView(task), ...warnings }
    // Recording load is best effort, and must not fail a stored task.
    await Promise.all([
      told,
      waits ? enqueue(ports, task) : startTask(ports, task, stored),
      recordLoad(ports.loads, stored.decisions).catch(() => {}),
    ])
    return { ...taskView(waits ? ((await ports.tasks.findTask(taskId)) ?? task) : task), ...warnings }
  }
}
