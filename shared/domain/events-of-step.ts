import { boundedFailure, boundedText, MOST_PROMPT_CHARACTERS } from './bounded.ts'
import { boundedEnd } from './bounded-step.ts'
import { type DomainEvent, makeEvent } from './event.ts'
import type { Json } from './json.ts'
import {
  type Approval,
  type Attempt,
  beginningOf,
  numberOfEnd,
  type StepRecord,
  type UndoneEnd,
} from './step.ts'
import { millisecondsBetween } from './times.ts'

/** Each failed attempt gives a start and a failure; the last attempt gives a start, unless no agent was ever called for it. */
export function eventsOfStep(taskId: string, step: StepRecord): DomainEvent[] {
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
