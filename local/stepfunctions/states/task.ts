import type { TaskState } from '../definition.ts'
import { asText } from '../history.ts'
import { requireFits } from '../payload-limit.ts'
import { evaluate } from '../query.ts'
import type { Entry } from '../scope.ts'
import { ExecutionStopped, StateError } from '../state-error.ts'
import { Failed } from './failable.ts'

const REGION = 'us-east-1'
const SERVICE = 'arn:aws:states:::'

/** One call of a service, from its arguments to its result, with the events that AWS records for it. */
export async function callTask(
  entry: Entry<TaskState>,
  retryCount: number,
  after: number,
): Promise<{ result: unknown; last: number }> {
  const { state, scope } = entry
  const { execution } = scope
  const { history } = execution
  const names = entry.names({ retryCount })
  const given = (await evaluate(state.Arguments ?? {}, names, 'Arguments')) as Record<string, unknown>
  const seconds =
    state.TimeoutSeconds === undefined
      ? undefined
      : Number(await evaluate(state.TimeoutSeconds, names, 'TimeoutSeconds'))
  scope.signal.throwIfAborted()
  requireFits(entry.name, given)
  const [resourceType = '', resource = ''] = state.Resource.slice(SERVICE.length).split(':')
  const kind = { resource, resourceType }
  const scheduled = history.add(after, 'TaskScheduled', {
    taskScheduledEventDetails: {
      ...kind,
      region: REGION,
      parameters: asText(given),
      ...(seconds === undefined ? {} : { timeoutInSeconds: seconds }),
    },
  })
  const started = history.add(scheduled, 'TaskStarted', { taskStartedEventDetails: kind })
  try {
    const result = await callWithin(entry, given, seconds)
    requireFits(entry.name, result)
    const last = history.add(started, 'TaskSucceeded', {
      taskSucceededEventDetails: { ...kind, output: asText(result) },
    })
    return { result, last }
  } catch (thrown) {
    if (!(thrown instanceof StateError)) throw thrown
    const timedOut = thrown.error === 'States.Timeout'
    const details = { ...kind, error: thrown.error, ...(timedOut ? {} : { cause: thrown.cause }) }
    const type = timedOut ? 'TaskTimedOut' : 'TaskFailed'
    const key = timedOut ? 'taskTimedOutEventDetails' : 'taskFailedEventDetails'
    throw new Failed(thrown, history.add(started, type, { [key]: details }))
  }
}

async function callWithin(
  { state, scope }: Entry<TaskState>,
  given: Record<string, unknown>,
  seconds: number | undefined,
): Promise<unknown> {
  const { clock, integrations } = scope.execution.surroundings
  const integration = integrations[state.Resource.slice(SERVICE.length)]
  if (!integration) throw new StateError('States.Runtime', `there is no integration ${state.Resource}`)
  const over = new AbortController()
  const signal = AbortSignal.any([scope.signal, over.signal])
  const call = integration({ roleArn: scope.execution.from.roleArn, arguments: given, signal })
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
