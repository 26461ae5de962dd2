import type { TaskState } from '../definition.ts'
import { requireFits } from '../payload-limit.ts'
import type { Entry } from '../scope.ts'
import { ExecutionStopped, Failed, StateError } from '../state-error.ts'
import { taskRecorder } from '../task-recorder.ts'

const SERVICE = 'arn:aws:states:::'

/** One call of a service, from its arguments to its result, with the events that AWS records for it. */
export async function callTask(
  entry: Entry<TaskState>,
  retryCount: number,
  after: number,
): Promise<{ result: unknown; last: number }> {
  const { state, scope } = entry
  const given =
    'Arguments' in state ? await entry.evaluate(state.Arguments, 'Arguments', { retryCount }) : entry.input
  const seconds = await secondsOf(entry, 'TimeoutSeconds', retryCount)
  const heartbeat = await secondsOf(entry, 'HeartbeatSeconds', retryCount)
  scope.signal.throwIfAborted()
  requireFits(entry.name, given)
  const record = taskRecorder(scope.execution.history, state.Resource)
  const started = record.started(after, given, { timeoutInSeconds: seconds, heartbeatInSeconds: heartbeat })
  try {
    const result = await callWithin(entry, given, seconds)
    requireFits(entry.name, result)
    return { result, last: record.succeeded(started, result) }
  } catch (thrown) {
    if (!(thrown instanceof StateError)) throw thrown
    throw new Failed(thrown, record.failed(started, thrown))
  }
}

async function secondsOf(
  entry: Entry<TaskState>,
  field: 'TimeoutSeconds' | 'HeartbeatSeconds',
  retryCount: number,
): Promise<number | undefined> {
  const template = entry.state[field]
  if (template === undefined) return undefined
  return (await entry.evaluate(template, field, { type: 'number', retryCount })) as number
}

async function callWithin(
  { name, state, scope }: Entry<TaskState>,
  given: unknown,
  seconds: number | undefined,
): Promise<unknown> {
  const { clock, integrations } = scope.execution.surroundings
  const isService = state.Resource.startsWith(SERVICE)
  const integration =
    integrations[isService ? state.Resource.slice(SERVICE.length) : 'lambda'] ?? integrations['*']
  if (!integration) throw new StateError('States.Runtime', `there is no integration ${state.Resource}`)
  const over = new AbortController()
  const signal = AbortSignal.any([scope.signal, over.signal])
  const call = integration({
    roleArn: scope.execution.from.roleArn,
    stateName: name,
    resource: state.Resource,
    arguments: given as Record<string, unknown>,
    signal,
  })
  const stopped = Promise.withResolvers<never>()
  const stop = (): void => stopped.reject(scope.signal.reason)
  scope.signal.addEventListener('abort', stop, { once: true })
  stopped.promise.catch(() => {})
  const timer = new AbortController()
  const racers: Promise<unknown>[] = [call, stopped.promise]
  if (seconds !== undefined) {
    const timeout = clock.sleep(seconds * 1_000, timer.signal).then(() => {
      throw new StateError('States.Timeout', '')
    })
    timeout.catch(() => {})
    racers.push(timeout)
  }
  try {
    return await Promise.race(racers)
  } finally {
    scope.signal.removeEventListener('abort', stop)
    timer.abort()
    over.abort(new ExecutionStopped('the call is over'))
    call.catch(() => {})
  }
}
