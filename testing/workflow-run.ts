import type { HistoryEvent } from '../local/stepfunctions/run/history.ts'
import { costOf } from '../shared/app/limits/cost-of-steps.ts'
import { readState } from '../shared/app/state/read-state.ts'
import type { DomainEvent } from '../shared/domain/event.ts'
import type { Json } from '../shared/domain/json.ts'
import { beginningOf, type StepRecord } from '../shared/domain/step.ts'
import { type EndedTask, executionName, isOpenTask } from '../shared/domain/task.ts'
import type { AgentCall as HostCall } from '../shared/host/host-ports.ts'
import { throwOnRead, type WhyFailed } from './failed-run.ts'
import type { SeenModelCall } from './scripted-models.ts'
import type { VirtualCloud } from './virtual-cloud.ts'

type Told = { name: string; message: string }

/** The score of an output by `evaluate`, and the checks that it is made of. */
export type EvaluationOfRun = {
  score: number
  checks?:
    | {
        kind: 'rule' | 'schema' | 'citations' | 'judge'
        name: string
        score: number
        reason?: string | undefined
      }[]
    | undefined
  /** Who has judged it, and what that has cost. */
  judge?: { agentId: string; costUsd?: number | undefined; tokens?: number | undefined } | undefined
  /** Why the judge has not scored it. */
  unjudged?: string | undefined
}

/** An attempt of a step that did not succeed. */
export type FailedAttempt = {
  agentId: string
  /** What the agent was called for. */
  capability?: string | undefined
  /** Present for the failed call of a judge: the agent whose output it was to judge. */
  judgeOf?: string | undefined
  error: Told
  /** Where it has failed by its score. */
  evaluation?: EvaluationOfRun | undefined
  startedAt: string
  endedAt: string
  costUsd?: number | undefined
  tokens?: number | undefined
}

/** The outcome of a step; for a child workflow also the outcomes of the child's steps. */
export type StepRun = {
  status: StepRecord['status']
  output?: Json
  evaluation?: EvaluationOfRun
  error?: Told
  /** The failed attempts, in order, and the failed calls of judges. */
  attempts: FailedAttempt[]
  /** The agent that made the output, or failed last. */
  agentId?: string
  /** What the expression for its capability has come to; absent for a step that names it. */
  capability?: string
  /** Why another agent than the planned one has it: the first had failed for good, was busy or was held back. */
  reason?: string
  /** The agents that the step was given to before, or passed over, and why. */
  inPlaceOf?: { agentId: string; why: string }[]
  skipReason?: string
  /** Why the step was degraded: it went on without an output, or with a replacement value. */
  degraded?: string
  /** Present when the cached output of an equal step was reused (`cache`). */
  reused?: true
  /** Start of the last attempt: ISO 8601, in virtual time. */
  startedAt: string
  endedAt?: string
  costUsd: number
  /** The steps of the child workflow, by path. */
  steps?: Record<string, StepRun>
}

/** A call of an agent, with its resolved input, before the agent's own schema parses it. */
export type AgentCall = HostCall & {
  /** Virtual seconds since the task was submitted. */
  atSeconds: number
}

/** The outcome of a task, and its history. */
export type WorkflowRun = {
  status: EndedTask['status']
  /** The workflow's output. Reading it from a task that has not succeeded throws the error of the task. */
  result?: Json
  /** What the workflow's own `evaluate` says of its output. */
  evaluation?: EvaluationOfRun
  /** The error of a task that failed or timed out, with the step that caused it if there is one. */
  error?: Told & { stepId?: string | undefined; agentId?: string | undefined }
  /** Why it was cancelled. */
  reason?: string
  /** By path: `draft`, `each[3]` for an item, `improve[2].draft` for a step in a loop. */
  steps: Record<string, StepRun>
  /** The shared state of the task at its end, by key. */
  state: Record<string, Json>
  /** The paths of the steps that ran, in the order of their start. */
  order: string[]
  /** Virtual seconds from submission to the end. */
  seconds: number
  costUsd: number
  tokens: number
  /** Every call of an agent, in order. */
  calls: AgentCall[]
  /** Every call of a model of the test, in order. */
  modelCalls: SeenModelCall[]
  /** The history events of the execution, as in GetExecutionHistory. */
  history: HistoryEvent[]
  /** The events published on the event bus, ordered by time. */
  events: DomainEvent[]
  taskId: string
}

type Recorded = Pick<WorkflowRun, 'calls' | 'modelCalls' | 'events'> & { order: readonly string[] }

/** The run of a task that has ended. */
export async function workflowRunOf(
  { ports, engine }: VirtualCloud,
  taskId: string,
  recorded: Recorded,
): Promise<WorkflowRun> {
  const task = await ports.tasks.findTask(taskId)
  if (!task || isOpenTask(task)) throw new Error(`task ${taskId} is ${task?.status ?? 'not there'}`)
  const steps = await stepsOf(ports, taskId)
  const { executionArn } = engine.getExecution(
    `${task.stateMachineArn.replace(':stateMachine:', ':execution:')}:${executionName(task)}`,
  )
  const run: WorkflowRun = {
    status: task.status,
    ...(task.status === 'succeeded' ? { result: await ports.values.loadValue(task.result) } : {}),
    ...(task.status === 'failed' || task.status === 'timed_out' ? { error: task.error } : {}),
    ...(task.status === 'cancelled' ? { reason: task.reason } : {}),
    ...('evaluation' in task && task.evaluation ? { evaluation: task.evaluation } : {}),
    steps,
    state: (await readState(ports, await ports.plans.getPlan(taskId, task.execution))).values,
    order: recorded.order.filter((path) => steps[path] !== undefined && steps[path].status !== 'skipped'),
    seconds: (Date.parse(task.endedAt) - Date.parse(task.createdAt)) / 1_000,
    costUsd: task.cost?.usd ?? 0,
    tokens: task.cost?.tokens ?? 0,
    calls: recorded.calls,
    modelCalls: recorded.modelCalls,
    history: engine.listEvents(executionArn, { from: 0, limit: 1_000_000, reverse: false }),
    events: recorded.events.toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time)),
    taskId,
  }
  return task.status === 'succeeded' ? run : throwOnRead(run, 'result', whyFailed(run))
}

function whyFailed({ status, error, reason }: WorkflowRun): WhyFailed {
  if (error === undefined)
    return { name: 'Error', message: `the task is ${status}: ${reason ?? 'no reason'}` }
  const { name, message, stepId, agentId } = error
  const by = agentId === undefined ? '' : ` (agent "${agentId}")`
  return { name, message: stepId === undefined ? message : `step "${stepId}"${by}: ${message}` }
}

type Kept = Pick<VirtualCloud['ports'], 'steps' | 'values'>

async function stepsOf(ports: Kept, taskId: string): Promise<Record<string, StepRun>> {
  const records = await ports.steps.listSteps(taskId)
  const runs = await Promise.all(
    records.map(async (record) => [record.path, await stepRunOf(ports, record)] as const),
  )
  return Object.fromEntries(runs)
}

async function stepRunOf(ports: Kept, record: StepRecord): Promise<StepRun> {
  const { status, output, evaluation, error, attempts, agentId, capability } = record
  const { skipReason, degraded, endedAt, child } = record
  const { reason, inPlaceOf } = record.decision ?? {}
  return {
    status,
    ...(output ? { output: await ports.values.loadValue(output) } : {}),
    ...(evaluation ? { evaluation } : {}),
    ...(error ? { error } : {}),
    attempts: attempts.map(({ execution: _execution, ...attempt }) => attempt),
    ...(agentId === undefined ? {} : { agentId }),
    ...(capability === undefined ? {} : { capability }),
    ...(reason && inPlaceOf ? { reason, inPlaceOf } : {}),
    ...(skipReason === undefined ? {} : { skipReason }),
    ...(degraded === undefined ? {} : { degraded }),
    ...(record.reused ? { reused: true as const } : {}),
    startedAt: beginningOf(record),
    ...(endedAt === undefined ? {} : { endedAt }),
    costUsd: costOf([record]).usd,
    ...(child === undefined ? {} : { steps: await stepsOf(ports, child) }),
  }
}
