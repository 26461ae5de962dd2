import { API_PREFIX } from '../contracts/route.ts'
import type { StepView, TaskView } from '../contracts/views.ts'
import type { Approval, StepRecord, StepStatus } from '../domain/step.ts'
import { executionName, isOpenTask, type Task } from '../domain/task.ts'
import type { Plan } from '../ports/index.ts'
import { needsOf, topologicalOrder } from '../workflow/graph.ts'
import { capabilityOfStep, graphOfWorkflow } from '../workflow/step-needs.ts'

export function taskView(task: Task): TaskView {
  const self = `${API_PREFIX}/tasks/${task.id}`
  const ended = isOpenTask(task) ? {} : endOf(task)
  return {
    taskId: task.id,
    status: task.status,
    ...(task.type ? { type: task.type } : {}),
    workflow: task.workflow,
    createdAt: task.createdAt,
    ...ended,
    metadata: task.metadata,
    execution: { name: executionName(task), stateMachineArn: task.stateMachineArn },
    links: {
      self,
      status: `${self}/status`,
      result: `${self}/result`,
      steps: `${self}/steps`,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
    },
  }
}

function endOf(
  task: Exclude<Task, { status: 'running' | 'queued' | 'planning' | 'waiting' }>,
): Partial<TaskView> {
  const end = { endedAt: task.endedAt, durationMs: Date.parse(task.endedAt) - Date.parse(task.createdAt) }
  if (task.status === 'succeeded') return { ...end, degraded: task.degraded }
  if (task.status === 'cancelled')
    return { ...end, error: { name: 'TaskCancelledError', message: task.reason } }
  return { ...end, error: task.error }
}

/** The steps of a plan in the order in which they can run, each with what has become of it. */
export function stepViews(task: Task, plan: Plan, records: readonly StepRecord[]): StepView[] {
  const graph = graphOfWorkflow(plan.workflow)
  const byPath = new Map(records.map((record) => [record.path, record]))
  return topologicalOrder(graph).map((stepId) => {
    const record = byPath.get(stepId)
    const step = plan.workflow.steps[stepId]
    const capability = step && capabilityOfStep(step)
    const decision = plan.decisions.find((candidate) => candidate.stepId === stepId)
    const agentId = record?.agentId ?? plan.bindings[stepId]?.agentId
    return {
      stepId,
      status: shownStatus(task, record),
      ...(capability ? { capability } : {}),
      ...(agentId ? { agentId } : {}),
      needs: [...needsOf(graph, stepId)],
      attempts: record?.attempts ?? [],
      ...(record ? timesOf(record) : {}),
      ...(record?.approval ? { approval: shownApproval(record.approval) } : {}),
      ...(decision ? { decision } : {}),
    }
  })
}

/** Without the token: who has that can answer. */
function shownApproval({ token: _token, ...shown }: Approval): Omit<Approval, 'token'> {
  return shown
}

function timesOf(record: StepRecord): Partial<StepView> {
  const { startedAt, endedAt, error, skipReason, degraded, progress } = record
  return {
    startedAt,
    ...(endedAt ? { endedAt, durationMs: Date.parse(endedAt) - Date.parse(startedAt) } : {}),
    ...(error ? { error } : {}),
    ...(skipReason ? { skipReason } : {}),
    ...(degraded ? { degraded } : {}),
    ...(progress && record.status === 'running' ? { progress } : {}),
  }
}

/** A step that had not ended when its task did went down with it. */
function shownStatus(task: Task, record: StepRecord | undefined): StepStatus {
  const status = record?.status ?? 'pending'
  if (isOpenTask(task) && status === 'running' && record?.approval) return 'waiting'
  if (isOpenTask(task) || (status !== 'pending' && status !== 'running')) return status
  return 'cancelled'
}
