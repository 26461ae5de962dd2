/**
 * One call of a service, from its scheduled event to its outcome.
 *
 * Invariants (tests cite them):
 * call/C1 a call has one outcome, the first of: its answer, its token's answer, its timeout; it is recorded before it takes effect
 * call/C2 a call that a crash interrupted is repeated with the same arguments, the same token, and the remaining time;
 *    one that was submitted is not repeated: its answer is awaited
 * call/C3 when the answer to a token returns, it has been recorded
 */
import type { TaskState } from '../definition/definition.ts'
import { findIntegration, type IntegrationCall } from '../integrations/integration.ts'
import { requireFits } from '../query/payload-limit.ts'
import * as places from '../run/places.ts'
import type { Entry } from '../run/scope.ts'
import { ExecutionStopped, Failed, StateError } from '../run/state-error.ts'
import type { TaskEvents } from '../run/task-events.ts'

export type Ran = { result: unknown; last: number }
/** A recorded call without an outcome. */
export type Scheduled = {
  place: string
  given: unknown
  token: string | undefined
  timeoutSeconds: number | undefined
  heartbeatSeconds: number | undefined
  scheduledAt: number
  /** The event that the outcome follows. */
  last: number
}

type Answer = { output: unknown } | { error?: string | undefined; cause?: string | undefined }

/** Makes the call, unless it was submitted before a restart, and waits for its outcome. Throws Failed. */
export async function callUntilOutcome(
  entry: Entry<TaskState>,
  scheduled: Scheduled,
  events: TaskEvents,
): Promise<Ran> {
  const { name, state, scope } = entry
  scope.signal.throwIfAborted()
  const { history, surroundings, row } = scope.execution
  const { clock, integrations, tokens } = surroundings
  const integration = findIntegration(integrations, state.Resource)
  if (!integration) throw new StateError('States.Runtime', `there is no integration ${state.Resource}`)
  const { place, given, token } = scheduled
  const { promise, resolve, reject } = Promise.withResolvers<Ran>()
  const over = new AbortController()
  let last = scheduled.last

  /** Recorded first (call/C1, call/C3): if that fails, the sender of the answer gets an error and may repeat it. */
  const settle = (answer: Answer): void => {
    if (over.signal.aborted) return
    const reason = failureIn(answer, name)
    const { id } = reason
      ? history.record(places.failed(place), () => ({ after: last, ...events.failed(reason) }))
      : history.record(places.succeeded(place), () => ({
          after: last,
          ...events.succeeded(outputOf(answer)),
        }))
    over.abort(OVER)
    if (token) tokens.close(token)
    if (reason) reject(new Failed(reason, id))
    else resolve({ result: outputOf(answer), last: id })
  }
  const submitted = (answer: unknown): void => {
    const words = events.submitted?.(answer)
    if (over.signal.aborted || !words) return
    last = history.record(places.submitted(place), () => ({ after: last, ...words })).id
  }
  const heart = makeHeart(scheduled, clock, over.signal, () => settle(TIMED_OUT), reject)
  const stop = (): void => {
    over.abort(OVER)
    if (token) tokens.close(token)
    reject(scope.signal.reason)
  }
  scope.signal.addEventListener('abort', stop, { once: true })
  if (token) tokens.open(token, { settle, heartbeat: heart.beat })
  if (scheduled.timeoutSeconds !== undefined && (surroundings.callTimeouts || token)) {
    const due = scheduled.scheduledAt + scheduled.timeoutSeconds * 1_000
    // The time ran out while the process was down, so no call is made.
    if (due <= clock.now()) settle(TIMED_OUT)
    clock
      .sleep(Math.max(0, due - clock.now()), over.signal)
      .then(() => settle(TIMED_OUT), ignore)
      .catch(reject)
  }

  if (!over.signal.aborted && (!token || !history.has(places.submitted(place)))) {
    const call: IntegrationCall = {
      id: `${row.executionArn} ${place}`,
      roleArn: row.roleArn,
      executionArn: row.executionArn,
      stateName: name,
      resource: state.Resource,
      arguments: given as Record<string, unknown>,
      signal: over.signal,
      submitted,
    }
    integration(call)
      .then(
        (output) => (token ? submitted(output) : settle({ output })),
        (thrown: unknown) => settle(thrown instanceof StateError ? thrown : faultOf(thrown)),
      )
      .catch(reject)
  }
  return promise.finally(() => scope.signal.removeEventListener('abort', stop))
}

const outputOf = (answer: Answer): unknown => ('output' in answer ? answer.output : undefined)

/** Why a call has failed: its own error, or a result that is too large. */
function failureIn(answer: Answer, stateName: string): StateError | undefined {
  if (!('output' in answer)) return new StateError(answer.error, answer.cause)
  try {
    requireFits(stateName, answer.output)
    return undefined
  } catch (thrown) {
    return thrown as StateError
  }
}

const OVER = new ExecutionStopped('the call is over')
const TIMED_OUT = { error: 'States.Timeout' }
const ignore = (): void => {}

/** A fault of an integration becomes the service's error, so that it is visible. */
function faultOf(thrown: unknown): StateError {
  if (thrown instanceof ExecutionStopped) return new StateError('States.TaskFailed', thrown.message)
  return new StateError('States.Runtime', thrown instanceof Error ? thrown.message : String(thrown))
}

/** Times a task out when its worker sends no heartbeat in time. A restart restarts the interval. */
function makeHeart(
  { token, heartbeatSeconds }: Scheduled,
  clock: { sleep(milliseconds: number, signal?: AbortSignal): Promise<void> },
  over: AbortSignal,
  stopped: () => void,
  reject: (reason: unknown) => void,
): { beat(): void } {
  if (!token || heartbeatSeconds === undefined) return { beat: ignore }
  let silence = new AbortController()
  const beat = (): void => {
    silence.abort(OVER)
    silence = new AbortController()
    const signal = AbortSignal.any([over, silence.signal])
    clock
      .sleep(heartbeatSeconds * 1_000, signal)
      .then(stopped, ignore)
      .catch(reject)
  }
  beat()
  return { beat }
}
