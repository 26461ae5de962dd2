/**
 * One call of a service, from when it is in the history until its outcome is.
 *
 * Invariants (tests cite them):
 * call/C1 a call has one outcome, the first of: its answer, its token's, its timeout; it is in the history before it counts
 * call/C2 a call that a crash cut off is made again with the same arguments, the same token, and what is left of its time;
 *    one that was submitted is not made again: its answer is waited for
 * call/C3 whoever answers a token learns by the answer's return that it has been recorded
 */
import type { TaskState } from '../definition/definition.ts'
import { findIntegration, type IntegrationCall } from '../integrations/integration.ts'
import { requireFits } from '../query/payload-limit.ts'
import type { Entry } from '../run/scope.ts'
import { ExecutionStopped, Failed, StateError } from '../run/state-error.ts'
import type { TaskEvents } from '../run/task-events.ts'

export type Ran = { result: unknown; last: number }
/** A call that is in the history and has no outcome yet. */
export type Scheduled = {
  place: string
  given: unknown
  token: string | undefined
  timeoutSeconds: number | undefined
  heartbeatSeconds: number | undefined
  scheduledAt: number
  /** The event after which the outcome comes. */
  last: number
}

type Answer = { output: unknown } | { error?: string | undefined; cause?: string | undefined }

/** Makes the call, unless it was submitted before, and waits for its outcome. Throws Failed. */
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

  /** In the history first (call/C1, call/C3): should that fail, whoever answers hears of it, and may answer again. */
  const settle = (answer: Answer): void => {
    if (over.signal.aborted) return
    const reason = failureIn(answer, name)
    const { id } = reason
      ? history.record(`${place}x`, () => ({ after: last, ...events.failed(reason) }))
      : history.record(`${place}=`, () => ({ after: last, ...events.succeeded(outputOf(answer)) }))
    over.abort(OVER)
    if (token) tokens.close(token)
    if (reason) reject(new Failed(reason, id))
    else resolve({ result: outputOf(answer), last: id })
  }
  const submitted = (answer: unknown): void => {
    const words = events.submitted?.(answer)
    if (over.signal.aborted || !words) return
    last = history.record(`${place}/`, () => ({ after: last, ...words })).id
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
    // Nobody is called when the time was over before this life began.
    if (due <= clock.now()) settle(TIMED_OUT)
    clock
      .sleep(Math.max(0, due - clock.now()), over.signal)
      .then(() => settle(TIMED_OUT), ignore)
      .catch(reject)
  }

  if (!over.signal.aborted && (!token || !history.has(`${place}/`))) {
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

/** Why a call has failed: as it says itself, or because what it answered is too large. */
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

/** A fault of an integration shows as the service's, never as silence. */
function faultOf(thrown: unknown): StateError {
  if (thrown instanceof ExecutionStopped) return new StateError('States.TaskFailed', thrown.message)
  return new StateError('States.Runtime', thrown instanceof Error ? thrown.message : String(thrown))
}

/** Times a task out when its worker is not heard of for too long. A restart begins the count anew. */
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
