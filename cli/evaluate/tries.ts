import { setTimeout as delay } from 'node:timers/promises'
import { ApiError } from '../../shared/client/index.ts'

const MOST_TRIES = 6
/** Doubled by each try, with jitter: several cases are refused at once. */
const FIRST_PAUSE_MILLISECONDS = 500
/** A longer wait than this is not one for a command that a person looks at. */
const MOST_PAUSE_SECONDS = 120

/** Sends a request again while its failure may pass: no answer, 429, 5xx; after the time that the answer asks for. Throws the last error, or as `signal` aborts. */
export async function withTries<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted()
    try {
      return await send()
    } catch (error) {
      if (tries >= MOST_TRIES || !mayPass(error)) throw error
      await delay(pauseAfter(error, tries), undefined, { signal })
    }
  }
}

/** Whether the same request may be answered otherwise later. */
export function mayPass(error: unknown): boolean {
  const { reason, status = 0 } = apiErrorIn(error) ?? {}
  return reason === 'unreachable' || reason === 'timeout' || status === 429 || status >= 500
}

/** Whether there was no answer at all. */
export const isGone = (error: unknown): boolean =>
  ['unreachable', 'timeout'].includes(apiErrorIn(error)?.reason ?? '')

function apiErrorIn(error: unknown): ApiError | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof ApiError ? cause : undefined
}

function pauseAfter(error: unknown, tries: number): number {
  const own = FIRST_PAUSE_MILLISECONDS * 2 ** (tries - 1) * (0.5 + Math.random() / 2)
  const asked = Math.min(apiErrorIn(error)?.retryAfterSeconds ?? 0, MOST_PAUSE_SECONDS)
  return Math.max(own, 1_000 * asked)
}
