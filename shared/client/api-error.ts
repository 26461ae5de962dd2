import { type Problem, ProblemSchema } from '../contracts/problem-view.ts'
import { boundedText } from '../domain/bounded.ts'
import { jsonOf } from './json-of.ts'

/**
 * `problem`: the API refused or failed, with a problem document. `unreachable`: no connection. `timeout`: no complete response in time.
 * `foreign`: a response that does not come from this version of the API.
 */
export type ApiErrorReason = 'problem' | 'unreachable' | 'timeout' | 'foreign'

type Facts = { status?: number; problem?: Problem; cause?: unknown; retryAfterSeconds?: number | undefined }

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly reason: ApiErrorReason
  /** The status of the response; undefined when there was none. */
  readonly status: number | undefined
  /** The problem document; present when the reason is `problem`. */
  readonly problem: Problem | undefined
  /** When the response says that the request may come again, in seconds from then; undefined where it says nothing. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    reason: ApiErrorReason,
    message: string,
    { status, problem, cause, retryAfterSeconds }: Facts = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
    this.status = status
    this.problem = problem
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The most characters that are shown of a response without a problem document. */
const MOST_SAID = 300

/** The error for an unsuccessful response. */
export function apiErrorOf(baseUrl: string, { status, body, retryAfter }: Refused): ApiError {
  const retryAfterSeconds = secondsIn(retryAfter)
  const { data: problem } = ProblemSchema.safeParse(jsonOf(body))
  if (problem)
    return new ApiError('problem', problem.detail ?? problem.title, { status, problem, retryAfterSeconds })
  const said = boundedText(body.replaceAll(/\s+/g, ' ').trim(), MOST_SAID) || 'nothing'
  const message = `${baseUrl} answered ${status}, and not as the orchestrator's API does: ${said}`
  return new ApiError('foreign', message, { status, retryAfterSeconds })
}

type Refused = { status: number; body: string; retryAfter?: string | null }

/** A `Retry-After` of whole seconds, or the seconds until its date; undefined for anything else. */
function secondsIn(header: string | null | undefined): number | undefined {
  if (header == null || header.trim() === '') return undefined
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header)
  const seconds = (Date.parse(header) - Date.now()) / 1_000
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined
}
