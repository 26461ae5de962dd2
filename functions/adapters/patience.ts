import type { OrchestratorError } from '../../shared/domain/errors.ts'
import { callAws } from './aws-errors.ts'

/** How a long piece of work gives way to a service that allows only so many calls a second. */
export type Patience = {
  wait(milliseconds: number): Promise<void>
  /** Until the work must be left to whoever goes on with it. */
  leftMilliseconds(): number
}

/** Buckets of Step Functions take one token a second: asking sooner only costs the answer. */
const WAIT_MILLISECONDS = 1_000

/**
 * Calls AWS, and again every second while the service asks to slow down. One call after another goes as fast as the service
 * allows, whoever else uses up its quota. Throws UnavailableError when no time is left, and what else the call throws.
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
