import type { Approval } from './approval.ts'
import { boundedFailure, boundedText, MOST_PROMPT_CHARACTERS } from './bounded.ts'
import { boundedEnd } from './bounded-step.ts'
import { type DomainEvent, type EventOf, makeEvent } from './event.ts'
import type { Json } from './json.ts'
import {
  type Attempt,
  attemptNumber,
  beginningOf,
  numberOfEnd,
  type StepRecord,
  type UndoneEnd,
} from './step.ts'
import type { Suspended } from './suspension.ts'
import { millisecondsBetween } from './times.ts'

/** Each failed attempt gives a start and a failure; the last attempt gives a start, unless no agent was ever called for it. */
export function eventsOfStep(of: EventOf, step: StepRecord): DomainEvent[] {
  const failed = step.attempts.flatMap((attempt, index) => {
    const before = step.attempts.slice(0, index)
    const started = startedEvent(of, step.path, attemptNumber(before), attempt)
    const ended = attemptFailedEvent(of, step.path, before, attempt)
    return attempt.judgeOf === undefined ? [started, ended] : [ended]
  })
  // The judge of an output begins no attempt: that of the output goes on.
  const { agentId, startedAt } = step.judging ?? step
  const current = { ...step, agentId, startedAt }
  const noted = step.attempts.some((attempt) => attempt.startedAt === startedAt)
  const isHeld = step.held !== undefined && step.judging === undefined
  const isBegun = !noted && step.status !== 'skipped' && !isHeld
  const started = !isBegun ? [] : [stepStartedEvent(of, current)]
  const undone = (step.undone ?? []).map((end) =>
    endedEvent(of, step.path, end.answer ? 'succeeded' : 'failed', end),
  )
  const ended = stepEndedEvent(of, step)
  return [...failed, ...undone, ...started, ...(ended ? [ended] : [])]
}

/** The start of a step's current attempt. */
export function stepStartedEvent(of: EventOf, step: Current): DomainEvent {
  const { decision } = step
  const reason = decision?.inPlaceOf && decision.reason
  return startedEvent(of, step.path, attemptNumber(step.attempts), { ...step, reason })
}

type Current = Pick<StepRecord, 'path' | 'attempts' | 'decision'> & Started

type Started = { agentId?: string | undefined; startedAt: string; reason?: string | undefined }

function startedEvent(
  of: EventOf,
  path: string,
  attempt: number,
  { agentId, startedAt, reason }: Started,
): DomainEvent {
  const data = { path, agentId, attempt, reason }
  return makeEvent({ type: 'step.started', of, key: `${path}/${attempt}`, time: startedAt, data })
}

/** `before`: the failed attempts of the step before it, by which it is counted; calls of judges have a count of their own. */
export function attemptFailedEvent(
  of: EventOf,
  path: string,
  before: readonly Attempt[],
  failed: Attempt,
): DomainEvent {
  const { agentId, judgeOf, startedAt, endedAt, error } = failed
  const attempt = attemptNumber(before)
  const key = judgeOf === undefined ? `${path}/${attempt}` : `${path}/judge/${before.length + 2 - attempt}`
  const { name, message } = boundedFailure(error)
  const durationMs = millisecondsBetween(startedAt, endedAt)
  // Its stack is in the record: events are bounded, and go to many.
  const data = { path, agentId, attempt, judgeOf, durationMs, error: { name, message } }
  return makeEvent({ type: 'step.attempt_failed', of, key, time: endedAt, data })
}

/** What the event of a question has of it: neither its token, nor its value, which may be large. */
type Told = 'prompt' | 'choices' | 'approvers' | 'notBy' | 'editable' | 'expiresAt'

/** A step waits for a person. `number`: which end of the step its answer will be, because a question after a retry is another one. */
export function approvalRequestedEvent(
  of: EventOf,
  path: string,
  time: string,
  { choices, approvers, notBy, editable, expiresAt, ...asked }: Pick<Approval, Told>,
  number = 1,
): DomainEvent {
  const prompt = boundedText(asked.prompt, MOST_PROMPT_CHARACTERS)
  const data = { path, prompt, choices, approvers, notBy, editable, expiresAt }
  const key = number === 1 ? path : `${path}/${number}`
  return makeEvent({ type: 'approval.requested', of, key, time, data })
}

/** The event that an `emit` step publishes. */
export function customEvent(
  of: EventOf,
  path: string,
  { time, ...said }: { type: string; data: Json; time: string },
): DomainEvent {
  return makeEvent({ type: 'custom', of, key: path, time, data: { path, ...said } })
}

/** The event of a step's end; undefined while it runs, and for a step that was cancelled with its task. */
export function stepEndedEvent(of: EventOf, step: StepRecord): DomainEvent | undefined {
  const { path, status, agentId, endedAt, error } = step
  if (!endedAt || status === 'running' || status === 'cancelled') return undefined
  const end = { number: numberOfEnd(step), agentId, startedAt: beginningOf(step), endedAt, error }
  return endedEvent(of, path, status, end)
}

/** After a retry a step ends again, which is an event of its own: its id has the number of the end. */
function endedEvent(
  of: EventOf,
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
  const data = { path, agentId, durationMs, error }
  const key = number === 1 ? path : `${path}/${number}`
  return makeEvent({ type: `step.${status}`, of, key, time: endedAt, data })
}

/** An agent has ended its turn, and its step waits. */
export function stepSuspendedEvent(of: EventOf, path: string, suspended: Suspended): DomainEvent {
  const { agentId, n: number, until, since, endsAt } = suspended
  const data = { path, agentId, number, until: until.kind, endsAt }
  return makeEvent({ type: 'step.suspended', of, key: keyOfSuspension(path, suspended), time: since, data })
}

/** The agent of a suspended step is called again; undefined for one that nobody goes on from. */
export function stepResumedEvent(of: EventOf, path: string, suspended: Suspended): DomainEvent | undefined {
  const { agentId, n: number, by, since, resumedAt } = suspended
  if (by === undefined || resumedAt === undefined) return undefined
  const data = { path, agentId, number, by: by.kind, waitedMs: millisecondsBetween(since, resumedAt) }
  return makeEvent({ type: 'step.resumed', of, key: keyOfSuspension(path, suspended), time: resumedAt, data })
}

const keyOfSuspension = (path: string, { execution, n }: Suspended): string => `${path}/${execution}/${n}`
