import { memberOf } from '../../../shared/domain/transient-error.ts'

/** Codes of Node's sockets and of undici for a connection that did not come about, or that its other end has closed. */
const LOST = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
]
const MOST_DEPTH = 5

/** Whether the connection was lost, by the error's code or that of a cause. */
export function isLostConnection(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > MOST_DEPTH) return false
  return (
    LOST.includes(String(memberOf(error, 'code'))) || isLostConnection(memberOf(error, 'cause'), depth + 1)
  )
}

/**
 * Sends a request; once more, without a wait, where the connection failed before a byte of the answer: a connection that was kept open may
 * have been closed by the other end since. The request is not repeated for any other reason.
 */
export async function reconnecting<T>(send: () => Promise<T>, isAborted: () => boolean): Promise<T> {
  try {
    return await send()
  } catch (error) {
    if (isAborted() || !isLostConnection(error)) throw error
    return await send()
  }
}
