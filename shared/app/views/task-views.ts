import { API_PREFIX } from '../../contracts/route.ts'
import type { TaskView } from '../../contracts/views.ts'
import { consoleLinkOf, executionArnOf } from '../../domain/execution-arn.ts'
import { type EndedTask, executionName, isOpenTask, type Task } from '../../domain/task.ts'
import { millisecondsBetween } from '../../domain/times.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import { withGivenAgent } from '../tenants/given-names.ts'

export function taskView(task: Task): TaskView {
  const self = `${API_PREFIX}/tasks/${task.id}`
  return withoutUndefined({
    taskId: task.id,
    status: task.status,
    type: task.type,
    goal: task.goal,
    workflow: task.workflow,
    createdAt: task.createdAt,
    ...(isOpenTask(task) ? {} : endOf(task)),
    metadata: task.metadata,
    retries: task.retries,
    forkedFrom: task.forkedFrom,
    priority: task.priority,
    deadline: task.deadline,
    execution: executionView(task),
    parent: task.parent && { taskId: task.parent.taskId, path: task.parent.path },
    links: {
      self,
      status: `${self}/status`,
      input: `${self}/input`,
      workflow: `${self}/workflow`,
      result: `${self}/result`,
      steps: `${self}/steps`,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
      ...(isOpenTask(task) || task.status === 'succeeded' ? {} : { retry: `${self}/retry` }),
      fork: `${self}/fork`,
      ...(task.parent ? { parent: `${API_PREFIX}/tasks/${task.parent.taskId}` } : {}),
    },
  })
}

function executionView(task: Task): TaskView['execution'] {
  const { stateMachineArn } = task
  const name = executionName(task)
  const arn = executionArnOf({ stateMachineArn, name })
  return withoutUndefined({ name, arn, stateMachineArn, consoleUrl: consoleLinkOf(arn) })
}

function endOf(task: EndedTask): Partial<TaskView> {
  const end = {
    endedAt: task.endedAt,
    durationMs: millisecondsBetween(task.createdAt, task.endedAt),
    ...(task.cost ? { cost: task.cost } : {}),
    ...('evaluation' in task && task.evaluation ? { evaluation: task.evaluation } : {}),
    ...(task.status === 'succeeded' && task.calibration ? { calibration: task.calibration } : {}),
  }
  if (task.status === 'succeeded') return { ...end, ...degradedIn(task) }
  if (task.status === 'cancelled')
    return { ...end, error: { name: 'TaskCancelledError', message: task.reason } }
  return { ...end, error: withGivenAgent(task.error) }
}

type Succeeded = Extract<EndedTask, { status: 'succeeded' }>

export const degradedIn = ({
  degraded,
  degradedCount,
}: Succeeded): Pick<Succeeded, 'degraded' | 'degradedCount'> => ({
  degraded,
  ...(degradedCount === undefined ? {} : { degradedCount }),
})
