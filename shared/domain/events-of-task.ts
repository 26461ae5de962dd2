import { type DomainEvent, type EventOf, type EventType, makeEvent } from './event.ts'
import { eventsOfStep } from './events-of-step.ts'
import type { StepRecord } from './step.ts'
import { executionName, FIRST_EXECUTION, isOpenStatus, isOpenTask, type Retry, type Task } from './task.ts'
import { millisecondsBetween } from './times.ts'

/**
 * The events of a task, in order, derived from its records. What went out on the bus is a copy with the same ids:
 * the records are the truth, so a lost delivery loses no history.
 */
export function eventsOfTask(task: Task, steps: readonly StepRecord[]): DomainEvent[] {
  const ofSteps = steps.flatMap((step) => eventsOfStep(aboutTask(task), step))
  const end = isOpenTask(task) ? [] : [taskEvent(task)]
  const retries = (task.retries ?? []).flatMap((retry) => [
    ...endBefore(task, retry),
    retried(task, retry.at),
  ])
  const between = [...ofSteps, ...retries].sort((a, b) => a.time.localeCompare(b.time))
  return [submitted(task), ...between, ...end]
}

const aboutTask = ({ id, tenant }: Task): EventOf => ({ taskId: id, tenant })

/** The event of a task's present status: submission while it is open, its end afterwards. */
export function taskEvent(task: Task): DomainEvent {
  const type: EventType = isOpenTask(task) ? 'task.submitted' : `task.${task.status}`
  const time = isOpenTask(task) ? task.createdAt : task.endedAt
  return makeEvent({
    type,
    of: aboutTask(task),
    key: executionName(task),
    time,
    data: {
      workflow: task.workflow.name,
      status: task.status,
      ...(task.status === 'succeeded' && task.calibration ? { calibration: task.calibration } : {}),
      ...(isOpenTask(task) ? {} : { durationMs: millisecondsBetween(task.createdAt, task.endedAt) }),
    },
  })
}

/** The latest retry of a task. */
export function taskRetriedEvent(task: Task): DomainEvent {
  return retried(task, task.retries?.at(-1)?.at ?? task.createdAt)
}

/** Tells of the first execution, also where a later one runs the task now. */
const submitted = (task: Task): DomainEvent =>
  makeEvent({
    type: 'task.submitted',
    of: aboutTask(task),
    key: executionName({ id: task.id, execution: FIRST_EXECUTION }),
    time: task.createdAt,
    data: { workflow: task.workflow.name, status: 'running' },
  })

/** The end that a retry has undone; none for a retry that was noted before its end was. */
function endBefore(task: Task, { was, endedAt, execution }: Retry): DomainEvent[] {
  if (endedAt === undefined || execution === undefined || isOpenStatus(was)) return []
  const durationMs = millisecondsBetween(task.createdAt, endedAt)
  const data = { workflow: task.workflow.name, status: was, durationMs }
  const key = executionName({ id: task.id, execution })
  return [makeEvent({ type: `task.${was}`, of: aboutTask(task), key, time: endedAt, data })]
}

/** The event's id contains the time of the retry: a task is never retried twice at the same time. */
const retried = (task: Task, at: string): DomainEvent =>
  makeEvent({
    type: 'task.retried',
    of: aboutTask(task),
    key: at,
    time: at,
    data: { workflow: task.workflow.name, status: 'running' },
  })
