import { present } from '../wire/present.ts'
import type { Execution } from './execution.ts'
import { asText } from './history.ts'
import { runFlow } from './run-flow.ts'
import { ExecutionStopped, Failed, StateError } from './state-error.ts'

/**
 * Runs an execution to its end and records it; one with a history resumes. Failures inside it become its outcome.
 * Rejects only when the store fails, after which nothing can continue.
 */
export async function runExecution(execution: Execution): Promise<void> {
  const { row, history, definition, input, controller } = execution
  try {
    history.record('started', () => ({
      after: 0,
      type: 'ExecutionStarted',
      details: { executionStartedEventDetails: { input: row.input, roleArn: row.roleArn } },
    }))
    const scope = { execution, place: '', variables: {}, signal: controller.signal, runFlow }
    // In AWS the first state's previousEventId is 0, not that of the start.
    const { output, last } = await withTimeout(execution, () => runFlow(definition, input, scope, 0))
    controller.signal.throwIfAborted()
    history.record('succeeded', () => ({
      after: last,
      type: 'ExecutionSucceeded',
      details: { executionSucceededEventDetails: { output: asText(output) } },
    }))
    execution.end({ status: 'SUCCEEDED', output })
  } catch (thrown) {
    endBadly(execution, thrown)
  } finally {
    controller.abort(new ExecutionStopped('the execution has ended'))
    execution.ended.resolve(execution.outcome)
  }
}

/** Stops a running execution; its work is aborted through its signal. */
export function stopExecution(execution: Execution, error?: string, cause?: string): void {
  if (execution.outcome) return
  const details = present({ error, cause })
  const { history } = execution
  history.recordBadEnd('aborted', () => ({
    after: 0,
    type: 'ExecutionAborted',
    details: { executionAbortedEventDetails: details },
  }))
  execution.end({ status: 'ABORTED', ...details })
  execution.controller.abort(new ExecutionStopped('the execution was stopped'))
}

function endBadly(execution: Execution, thrown: unknown): void {
  // Already stopped, or the engine was stopped: the state stays as recorded.
  if (execution.outcome || thrown instanceof ExecutionStopped) return
  const { history } = execution
  const { error, cause } = asStateError(thrown)
  const details = present({ error, cause })
  const after = thrown instanceof Failed ? thrown.last : history.length
  if (thrown instanceof ExecutionTimedOut) {
    history.recordBadEnd('timed out', () => ({
      after,
      type: 'ExecutionTimedOut',
      details: { executionTimedOutEventDetails: {} },
    }))
    execution.end({ status: 'TIMED_OUT' })
    return
  }
  history.recordBadEnd('failed', () => ({
    after,
    type: 'ExecutionFailed',
    details: { executionFailedEventDetails: details },
  }))
  execution.end({ status: 'FAILED', ...details })
}

class ExecutionTimedOut extends StateError {}

/** The definition's own TimeoutSeconds bounds the whole execution, from its start or its last redrive. */
async function withTimeout<T>(execution: Execution, work: () => Promise<T>): Promise<T> {
  const seconds = execution.definition.TimeoutSeconds
  if (seconds === undefined) return work()
  const { clock } = execution.surroundings
  const { startedAt, redrivenAt = startedAt } = execution.row
  const left = redrivenAt + seconds * 1_000 - clock.now()
  if (left <= 0) throw new ExecutionTimedOut('States.Timeout', undefined)
  const timer = new AbortController()
  const timeout = clock.sleep(left, timer.signal).then(() => {
    throw new ExecutionTimedOut('States.Timeout', undefined)
  })
  timeout.catch(() => {})
  return Promise.race([work(), timeout]).finally(() => timer.abort())
}

/** A fault of the engine itself becomes States.Runtime, so that it is visible. */
function asStateError(thrown: unknown): StateError {
  if (thrown instanceof Failed) return thrown.reason
  if (thrown instanceof StateError) return thrown
  return new StateError(
    'States.Runtime',
    thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  )
}
