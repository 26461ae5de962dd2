import { FIRST_EXECUTION, type OpenTask, termsIn } from '../../domain/task.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import type { Plan } from '../../ports/index.ts'

/** The fields of a task that do not come from its plan. */
type Own = Pick<OpenTask, 'status' | 'createdAt' | 'parent' | 'retries'>

/** The open task for a plan: of a submission, a fork, a child or a retry. */
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
