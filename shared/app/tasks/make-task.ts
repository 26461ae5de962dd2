import { FIRST_EXECUTION, type OpenTask, termsIn } from '../../domain/task.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Plan } from '../../ports/index.ts'

/** What a task has beside its plan. */
type Own = Pick<OpenTask, 'status' | 'createdAt' | 'parent' | 'retries'>

/** The open task that a plan's execution runs: submitted, forked, called by another task, or retried. */
export function makeTask(plan: Plan, own: Own): OpenTask {
  const { taskId, workflow, stateMachineArn, execution = FIRST_EXECUTION } = plan
  return withoutUndefined({
    ...termsIn(plan),
    id: taskId,
    workflow: { name: workflow.name, version: workflow.version },
    stateMachineArn,
    execution,
    ...own,
  })
}
