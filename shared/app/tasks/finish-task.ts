/**
 * Invariants (tests cite them):
 * finish/F1 a task ends once, by one conditional write; later calls change nothing and publish nothing
 * finish/F2 the task id comes from the execution's name and the result from the store: the status-change event may lack both
 * finish/F3 the end of an execution that was replaced by a newer one is ignored
 * finish/F4 the budget of an ended task is closed
 * finish/F5 a record of a step that is not in the execution's plan, because a retry changed the definition, counts for the cost only
 */

import { failureOf } from '../../domain/bounded.ts'
import { isOrchestratorError } from '../../domain/errors.ts'
import type { KeptEstimate } from '../../domain/estimate.ts'
import { taskEvent } from '../../domain/events-of-task.ts'
import type { Json } from '../../domain/json.ts'
import { ownOf } from '../../domain/own.ts'
import { isFinalStepStatus, type StepRecord } from '../../domain/step.ts'
import {
  boundedDegraded,
  type Calibration,
  type Cost,
  type EndedTask,
  isOpenTask,
  type OpenTask,
  parseExecutionName,
  type TaskError,
} from '../../domain/task.ts'
import type { ExecutionState, Plan, Ports } from '../../ports/index.ts'
import { resolveExpressions } from '../../workflow/expressions.ts'
import { resultStepsOf } from '../../workflow/step-needs.ts'
import { compareEstimate } from '../estimates/compare-estimate.ts'
import { closeBudgetOf } from '../limits/close-budget-of.ts'
import { costOf } from '../limits/cost-of-steps.ts'
import { namesForExpressions } from '../steps/expression-names.ts'
import { messageInCause } from '../steps/failure-in-cause.ts'
import { goesOnAt, hasStepAt } from '../steps/plan-paths.ts'
import { isFatal } from '../steps/settle-failure.ts'
import { evaluationOfTask, refusedBy } from './evaluate-task.ts'
import { leaveQueue, type QueueNeeds } from './queue-tasks.ts'
import { usdOfTask } from './usage-of-task.ts'

type Needs = QueueNeeds & Pick<Ports, 'steps' | 'values' | 'sharedState' | 'waits'>
export type Ended = ExecutionState & { status: Exclude<ExecutionState['status'], 'RUNNING'> }

/** Ends the task whose execution has ended. Returns its final status; undefined when there was nothing to do. */
export const finishTask =
  (ports: Needs) =>
  async ({ name, ended }: { name: string; ended: Ended }): Promise<EndedTask['status'] | undefined> => {
    const parsed = parseExecutionName(name)
    const task = parsed && (await ports.tasks.findTask(parsed.taskId))
    if (!task || task.execution !== parsed.execution) return undefined
    if (!isOpenTask(task)) {
      // The task ended before its execution did, or an earlier call was interrupted.
      await ports.tasks.settleTask(task)
      return undefined
    }
    const end = await endOf(ports, task, ended)
    // Closes the budget before the end is recorded, because the end is published only once (finish/F4).
    await closeBudgetOf(ports, task)
    if (!(await ports.tasks.endTask(end))) return undefined
    await leaveQueue(ports, end)
    if (task.status === 'waiting') await ports.waits.clearWaits(task.id, task.execution)
    await ports.bus.publish([taskEvent(end)])
    await ports.tasks.settleTask(end)
    return end.status
  }

async function endOf(ports: Needs, task: OpenTask, ended: Ended): Promise<EndedTask> {
  const endedAt = ports.clock.now().toISOString()
  const [plan, all] = await Promise.all([
    ports.plans.getPlan(task.id, task.execution),
    ports.steps.listSteps(task.id),
  ])
  const steps = all.filter(({ path }) => hasStepAt(plan, path))
  const over = { ...task, endedAt, cost: costOf(all) }
  if (ended.status === 'ABORTED') {
    return { ...over, status: 'cancelled', reason: ended.cause ?? 'the execution was stopped' }
  }
  if (ended.status !== 'SUCCEEDED') {
    const error = errorOf(ended, plan, steps)
    const isLate = ended.status === 'TIMED_OUT' || error.name === 'DeadlineExceededError'
    return { ...over, status: isLate ? 'timed_out' : 'failed', error }
  }
  const silent = stepsWithoutEnd(plan, steps)
  if (silent) return { ...over, status: 'failed', error: silent }
  try {
    const output = await resultOf(ports, task, plan, steps)
    const evaluation = await evaluationOfTask(ports, { task, plan, steps, output })
    const result = await ports.values.storeValue(task.id, output)
    const calibration = plan.estimate && (await calibrationOf(ports, task, plan, plan.estimate, steps, over))
    return {
      ...over,
      status: 'succeeded',
      result,
      ...(evaluation ? { evaluation } : {}),
      ...boundedDegraded(degradedOf(steps)),
      ...(calibration ? { calibration } : {}),
    }
  } catch (error) {
    if (mayPass(error)) throw error
    const { name, message } = failureOf(error)
    const evaluation = refusedBy(error)
    const told = { name, message: `the task's output: ${message}` }
    return { ...over, status: 'failed', error: told, ...(evaluation ? { evaluation } : {}) }
  }
}

/**
 * Whether retrying later may help. A permanent error, such as a result that cannot be evaluated or stored, ends the task instead: it would
 * stay open for ever.
 */
function mayPass(error: unknown): boolean {
  if (isOrchestratorError(error)) return error.retryable
  return !(error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError)
}

/** Best effort: a task also ends without its calibration. */
async function calibrationOf(
  ports: Needs,
  task: OpenTask,
  plan: Plan,
  estimate: KeptEstimate,
  steps: StepRecord[],
  { endedAt, cost }: { endedAt: string; cost: Cost },
): Promise<Calibration | undefined> {
  const waited = steps.some(({ approval, suspended }) => approval !== undefined || suspended !== undefined)
  const usd = await usdOfTask(ports, plan, steps).catch(() => undefined)
  return usd === undefined
    ? undefined
    : compareEstimate(estimate, task, { endedAt, usd: cost.usd + usd, waited })
}

/** The workflow's `output`, or by id the outputs of the steps that no other step needs. */
async function resultOf(ports: Needs, task: OpenTask, plan: Plan, steps: StepRecord[]): Promise<Json> {
  const sinks = resultStepsOf(plan.workflow)
  const template = plan.workflow.output ?? Object.fromEntries(sinks.map((id) => [id, `{% $steps.${id} %}`]))
  const names = await namesForExpressions(ports, { task, plan, scope: '', records: steps, template })
  return (await resolveExpressions(template, names, 'output')) ?? null
}

function degradedOf(steps: readonly StepRecord[]): { path: string; reason: string }[] {
  return steps.flatMap(({ path, status, degraded, error }) => {
    if (degraded) return [{ path, reason: degraded }]
    return status === 'failed' ? [{ path, reason: error?.message ?? 'failed' }] : []
  })
}

/** An execution can succeed although a step never ran, if its function is no agent host. */
function stepsWithoutEnd(plan: Plan, steps: readonly StepRecord[]): TaskError | undefined {
  const ended = new Set(steps.filter(({ status }) => isFinalStepStatus(status)).map(({ path }) => path))
  const missing = Object.keys(plan.workflow.steps).find((id) => !ended.has(id))
  if (missing === undefined) return undefined
  const agentId = ownOf(plan.bindings, missing)?.agentId
  const message = `step "${missing}" left no record: the function of agent "${agentId}" did not answer as an agent does`
  return { name: 'AgentFailedError', message, stepId: missing, ...(agentId ? { agentId } : {}) }
}

/** The error of the step that ended the task, which is more specific than that of the execution. */
function errorOf({ status, error, cause }: Ended, plan: Plan, steps: readonly StepRecord[]): TaskError {
  const failed = steps
    .filter(
      ({ status, error, path }) => status === 'failed' && error && (isFatal(error) || !goesOnAt(plan, path)),
    )
    .sort(byEnd)
    .at(-1)
  if (failed?.error && status === 'FAILED') {
    const agentId = failed.attempts.at(-1)?.agentId ?? failed.agentId
    return { ...failed.error, stepId: failed.path, ...(agentId ? { agentId } : {}) }
  }
  return {
    name: error ?? `States.${status === 'TIMED_OUT' ? 'Timeout' : 'TaskFailed'}`,
    message: messageInCause(cause),
  }
}

const byEnd = (a: StepRecord, b: StepRecord): number => (a.endedAt ?? '').localeCompare(b.endedAt ?? '')
