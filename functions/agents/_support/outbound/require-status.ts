import { FinalError, RetryableError } from 'orchestrator/agent'
import type { OutboundAnswer } from './call-host.ts'

/** Statuses after which the same request may succeed later. */
const LATER = [408, 421, 425, 429, 500, 502, 503, 504]
const MOST_SHOWN = 300

/** Throws RetryableError, with the wait that the host asks for, or FinalError for an answer that is no success. */
export function requireSuccess(answer: OutboundAnswer, method: string): void {
  const { status, url, headers, body } = answer
  if (status >= 200 && status < 300) return
  const { origin, pathname } = new URL(url)
  const text = body.toString('utf8').replace(/\s+/g, ' ').trim().slice(0, MOST_SHOWN)
  const message = `${method} ${origin}${pathname} answered ${status}${text === '' ? '' : `: ${text}`}`
  if (!LATER.includes(status)) throw new FinalError(message, { details: { status } })
  throw new RetryableError(message, {
    details: { status },
    retryAfterSeconds: waitOf(headers['retry-after']),
  })
}

/** `Retry-After` in seconds, or as a date. */
function waitOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  return /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1_000)
}
