import type { OrchestratorError } from '../../shared/domain/errors.ts'
import { callAws } from './aws-errors.ts'

/** How long work may wait (back-off) for a service that throttles. */
export type Patience = {
  wait(milliseconds: number): Promise<void>
  /** The time until the work must be handed to a later invocation. */
  leftMilliseconds(): number
}

/** Step Functions refills its token buckets by one a second or more: an earlier retry would be throttled again. */
const WAIT_MILLISECONDS = 1_000

/**
 * Calls AWS, and repeats the call every second while the service throttles it. Sequential calls thus run as fast as the service
 * allows, even if other clients use up its quota. Throws UnavailableError when no time is left, and the call's other errors.
 */
export async function patiently<T>(patience: Patience | undefined, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await callAws(call)
    } catch (error) {
      if (!patience || !isThrottled(error) || patience.leftMilliseconds() < WAIT_MILLISECONDS) throw error
      await patience.wait(WAIT_MILLISECONDS)
    }
  }
}

function isThrottled(error: unknown): boolean {
  const { name, cause } = error as OrchestratorError
  return name === 'UnavailableError' && (cause as Error | undefined)?.name === 'ThrottlingException'
}
