import * as z from 'zod'
import { boundedFailure, boundedText, MOST_PROMPT_CHARACTERS } from './bounded.ts'
import type { Json } from './json.ts'
import {
  type Approval,
  type Attempt,
  beginningOf,
  boundedEnd,
  numberOfEnd,
  type StepRecord,
  type UndoneEnd,
} from './step.ts'
import {
  CalibrationSchema,
  executionName,
  FIRST_EXECUTION,
  isOpenStatus,
  isOpenTask,
  type Retry,
  type Task,
} from './task.ts'
import { millisecondsBetween } from './times.ts'

export const EVENT_SOURCE = 'orchestrator'

const taskData = z.object({
  taskId: z.string(),
  workflow: z.string(),
  status: z.string(),
  durationMs: z.number().optional(),
  calibration: CalibrationSchema.optional(),
})
const stepData = z.object({
  taskId: z.string(),
  path: z.string(),
  agentId: z.string().optional(),
  attempt: z.number().int().optional(),
  reason: z.string().optional().describe('Why the step has another agent than before, where it has'),
  durationMs: z.number().optional(),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
})

/** Every event that is published. An incompatible change of its data gets a new version beside the old one. */
export const EVENT_DATA = {
  'task.submitted': taskData,
  'task.retried': taskData,
  'task.succeeded': taskData,
  'task.failed': taskData,
  'task.cancelled': taskData,
  'task.timed_out': taskData,
  'step.started': stepData,
  'step.attempt_failed': stepData,
  'step.succeeded': stepData,
  'step.failed': stepData,
  'step.skipped': stepData,
  'approval.requested': z.object({
    taskId: z.string(),
    path: z.string(),
    prompt: z.string(),
    choices: z.array(z.string()),
    approvers: z.array(z.string()).optional(),
    expiresAt: z.string(),
  }),
  /** An event of an `emit` step: the workflow chooses `type` and `data`. */
  custom: z.object({ taskId: z.string(), path: z.string(), type: z.string(), data: z.json() }),
} as const

export type EventType = keyof typeof EVENT_DATA
export const EVENT_TYPES = Object.keys(EVENT_DATA) as [EventType, ...EventType[]]

/** A CloudEvents 1.0 envelope. `id` is derived from the fact, so an event that is published twice has one id. */
export const DomainEventSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.literal(EVENT_SOURCE),
  type: z.enum(EVENT_TYPES),
  subject: z.string().describe('The task id'),
  time: z.iso.datetime(),
  dataschema: z.string().describe('orchestrator:<type>:v<n>'),
  data: z.record(z.string(), z.unknown()),
})
export type DomainEvent = z.infer<typeof DomainEventSchema>

type EventFacts = {
  type: EventType
  taskId: string
  key: string
  time: string
  data: Record<string, unknown>
}

export function makeEvent({ type, taskId, key, time, data }: EventFacts): DomainEvent {
  return {
    specversion: '1.0',
    id: [taskId, key, type].filter(Boolean).join('/'),
    source: EVENT_SOURCE,
    type,
    subject: taskId,
    time,
    dataschema: `orchestrator:${type}:v1`,
    data: EVENT_DATA[type].parse(data),
  }
}

/** The event of a task's present status: submission while it is open, its end afterwards. */
export function taskEvent(task: Task): DomainEvent {
  const type: EventType = isOpenTask(task) ? 'task.submitted' : `task.${task.status}`
  const time = isOpenTask(task) ? task.createdAt : task.endedAt
  return makeEvent({
    type,
    taskId: task.id,
    key: executionName(task),
    time,
    data: {
      taskId: task.id,
      workflow: task.workflow.name,
      status: task.status,
      ...(task.status === 'succeeded' && task.calibration ? { calibration: task.calibration } : {}),
      ...(isOpenTask(task) ? {} : { durationMs: millisecondsBetween(task.createdAt, task.endedAt) }),
    },
  })
}

/** Of the first execution, whichever one runs the task now. */
const submitted = (task: Task): DomainEvent =>
  makeEvent({
    type: 'task.submitted',
    taskId: task.id,
    key: executionName({ id: task.id, execution: FIRST_EXECUTION }),
    time: task.createdAt,
    data: { taskId: task.id, workflow: task.workflow.name, status: 'running' },
  })

/** The end that a retry has undone; none for a retry that was noted before its end was. */
function endBefore(task: Task, { was, endedAt, execution }: Retry): DomainEvent[] {
  if (endedAt === undefined || execution === undefined || isOpenStatus(was)) return []
  const durationMs = millisecondsBetween(task.createdAt, endedAt)
  const data = { taskId: task.id, workflow: task.workflow.name, status: was, durationMs }
  const key = executionName({ id: task.id, execution })
  return [makeEvent({ type: `task.${was}`, taskId: task.id, key, time: endedAt, data })]
}

/** The latest retry of a task. */
export function taskRetriedEvent(task: Task): DomainEvent {
  return retried(task, task.retries?.at(-1)?.at ?? task.createdAt)
}

/** The event's id contains the time of the retry: a task is never retried twice at the same time. */
const retried = (task: Task, at: string): DomainEvent =>
  makeEvent({
    type: 'task.retried',
    taskId: task.id,
    key: at,
    time: at,
    data: { taskId: task.id, workflow: task.workflow.name, status: 'running' },
  })

/** The start of a step's current attempt. */
export function stepStartedEvent(taskId: string, step: StepRecord): DomainEvent {
  const { decision } = step
  const reason = decision?.inPlaceOf && decision.reason
  return startedEvent(taskId, step.path, step.attempts.length + 1, { ...step, reason })
}

type Started = { agentId?: string | undefined; startedAt: string; reason?: string | undefined }

function startedEvent(
  taskId: string,
  path: string,
  attempt: number,
  { agentId, startedAt, reason }: Started,
): DomainEvent {
  const data = { taskId, path, agentId, attempt, reason }
  return makeEvent({ type: 'step.started', taskId, key: `${path}/${attempt}`, time: startedAt, data })
}

export function attemptFailedEvent(
  taskId: string,
  path: string,
  attempt: number,
  failed: Attempt,
): DomainEvent {
  const { agentId, startedAt, endedAt, error } = failed
  const { name, message } = boundedFailure(error)
  const durationMs = millisecondsBetween(startedAt, endedAt)
  // Its stack is in the record: events are bounded, and go to many.
  const data = { taskId, path, agentId, attempt, durationMs, error: { name, message } }
  return makeEvent({ type: 'step.attempt_failed', taskId, key: `${path}/${attempt}`, time: endedAt, data })
}

/** A step waits for a person. */
export function approvalRequestedEvent(
  taskId: string,
  path: string,
  time: string,
  asked: Pick<Approval, 'prompt' | 'choices' | 'approvers' | 'expiresAt'>,
): DomainEvent {
  const prompt = boundedText(asked.prompt, MOST_PROMPT_CHARACTERS)
  const data = { taskId, path, ...asked, prompt }
  return makeEvent({ type: 'approval.requested', taskId, key: path, time, data })
}

/** The type of an event that a workflow emits. */
export const EVENT_TYPE = /^[A-Za-z0-9][\w.-]{0,99}$/
export const RIGHT_EVENT_TYPE =
  'the type of an event is letters, digits, . _ and -, at most 100, such as report.ready'

/** The event that an `emit` step publishes. */
export function customEvent(
  taskId: string,
  path: string,
  { time, ...said }: { type: string; data: Json; time: string },
): DomainEvent {
  return makeEvent({ type: 'custom', taskId, key: path, time, data: { taskId, path, ...said } })
}

/** The event of a step's end; undefined while it runs, and for a step that was cancelled with its task. */
export function stepEndedEvent(taskId: string, step: StepRecord): DomainEvent | undefined {
  const { path, status, agentId, endedAt, error } = step
  if (!endedAt || status === 'running' || status === 'cancelled') return undefined
  const end = { number: numberOfEnd(step), agentId, startedAt: beginningOf(step), endedAt, error }
  return endedEvent(taskId, path, status, end)
}

/** After a retry a step ends again, which is an event of its own: its id has the number of the end. */
function endedEvent(
  taskId: string,
  path: string,
  status: 'succeeded' | 'failed' | 'skipped',
  {
    number,
    agentId,
    startedAt,
    endedAt,
    ...end
  }: Omit<UndoneEnd, 'agentId'> & { agentId?: string | undefined },
): DomainEvent {
  const durationMs = millisecondsBetween(startedAt, endedAt)
  const { error } = boundedEnd(end)
  const data = { taskId, path, agentId, durationMs, error }
  const key = number === 1 ? path : `${path}/${number}`
  return makeEvent({ type: `step.${status}`, taskId, key, time: endedAt, data })
}

/**
 * The events of a task, in order, derived from its records. What went out on the bus is a copy with the same ids:
 * the records are the truth, so a lost delivery loses no history.
 */
export function eventsOfTask(task: Task, steps: readonly StepRecord[]): DomainEvent[] {
  const ofSteps = steps.flatMap((step) => eventsOfStep(task.id, step))
  const end = isOpenTask(task) ? [] : [taskEvent(task)]
  const retries = (task.retries ?? []).flatMap((retry) => [
    ...endBefore(task, retry),
    retried(task, retry.at),
  ])
  const between = [...ofSteps, ...retries].sort((a, b) => a.time.localeCompare(b.time))
  return [submitted(task), ...between, ...end]
}

/** Each failed attempt gives a start and a failure; the last attempt gives a start, unless no agent was ever called for it. */
function eventsOfStep(taskId: string, step: StepRecord): DomainEvent[] {
  const failed = step.attempts.flatMap((attempt, index) => [
    startedEvent(taskId, step.path, index + 1, attempt),
    attemptFailedEvent(taskId, step.path, index + 1, attempt),
  ])
  const noted = step.attempts.some(({ startedAt }) => startedAt === step.startedAt)
  const isBegun = !noted && step.status !== 'skipped' && step.held === undefined
  const started = !isBegun ? [] : [stepStartedEvent(taskId, step)]
  const undone = (step.undone ?? []).map((end) => endedEvent(taskId, step.path, 'failed', end))
  const ended = stepEndedEvent(taskId, step)
  return [...failed, ...undone, ...started, ...(ended ? [ended] : [])]
}
