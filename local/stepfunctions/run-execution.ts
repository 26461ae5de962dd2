import type { Execution } from './execution.ts'
import { asText } from './history.ts'
import { runFlow } from './run-flow.ts'
import { ExecutionStopped, Failed, StateError } from './state-error.ts'

/** Runs an execution to its end and records it. Never throws: what goes wrong is how the execution ended. */
export async function runExecution(execution: Execution): Promise<void> {
  const { from, history } = execution
  const started = history.add(0, 'ExecutionStarted', {
    executionStartedEventDetails: { input: asText(from.input), roleArn: from.roleArn },
  })
  const scope = { execution, variables: {}, signal: execution.controller.signal, runFlow }
  try {
    const { output, last } = await withTimeout(execution, () =>
      runFlow(from.definition, from.input, scope, started),
    )
    history.add(last, 'ExecutionSucceeded', { executionSucceededEventDetails: { output: asText(output) } })
    execution.end('SUCCEEDED', { output })
  } catch (thrown) {
    endBadly(execution, thrown)
  } finally {
    execution.controller.abort(new ExecutionStopped('the execution has ended'))
    execution.ended.resolve()
  }
}

/** Stops a running execution; what it was doing learns of it by its signal. */
export function stopExecution(execution: Execution, error?: string, cause?: string): void {
  const details = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) }
  if (!execution.end('ABORTED', details)) return
  const last = execution.history.events.length
  execution.history.add(last, 'ExecutionAborted', { executionAbortedEventDetails: details })
  execution.controller.abort(new ExecutionStopped('the execution was stopped'))
}

function endBadly(execution: Execution, thrown: unknown): void {
  // Stopped already, or the engine is: then it stays as it was.
  if (execution.status !== 'RUNNING' || thrown instanceof ExecutionStopped) return
  const { error, cause } = asStateError(thrown)
  const details = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) }
  const last = execution.history.events.length
  if (error === 'States.Timeout' && thrown instanceof ExecutionTimedOut) {
    execution.history.add(last, 'ExecutionTimedOut', { executionTimedOutEventDetails: {} })
    execution.end('TIMED_OUT', details)
    return
  }
  execution.history.add(last, 'ExecutionFailed', { executionFailedEventDetails: details })
  execution.end('FAILED', details)
}

class ExecutionTimedOut extends StateError {}

/** The definition's own TimeoutSeconds bounds the whole execution. */
async function withTimeout<T>(execution: Execution, work: () => Promise<T>): Promise<T> {
  const seconds = execution.from.definition.TimeoutSeconds
  if (seconds === undefined) return work()
  const { clock } = execution.surroundings
  const timer = new AbortController()
  const timeout = clock.sleep(seconds * 1_000, timer.signal).then(() => {
    throw new ExecutionTimedOut('States.Timeout', 'the execution took longer than its TimeoutSeconds')
  })
  timeout.catch(() => {})
  return Promise.race([work(), timeout]).finally(() => timer.abort())
}

/** A fault of the engine itself shows as States.Runtime, never as silence. */
function asStateError(thrown: unknown): StateError {
  if (thrown instanceof Failed) return thrown.reason
  if (thrown instanceof StateError) return thrown
  return new StateError(
    'States.Runtime',
    thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  )
}
