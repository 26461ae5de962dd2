/**
 * The typed client of the API: one function for all ROUTES, typed by their schemas. It depends only on `fetch`; credentials are added by
 * `sign`.
 *
 * Invariants (tests cite them):
 * client/C1 it returns a body that has passed the route's schema, or throws an ApiError
 * client/C2 the link of a large answer is followed without the caller's signature and headers
 * client/C3 it answers within `timeoutSeconds`, the signature and the body included
 */
import type { Route } from '../contracts/route.ts'
import { ROUTES, type RouteId } from '../contracts/routes.ts'
import { describeIssues } from '../domain/issue.ts'
import { issuesOfZod } from '../domain/issues-of-zod.ts'
import { orAborted } from '../domain/or-aborted.ts'
import { ApiError, apiErrorOf } from './api-error.ts'
import { jsonOf } from './json-of.ts'
import { requestFor } from './request-for.ts'
import type { InputOf, OutputOf } from './route-types.ts'

export { ApiError } from './api-error.ts'
export { type PagedId, pagesOf } from './pages.ts'
export type { InputOf, OutputOf } from './route-types.ts'

export type ClientOptions = {
  /** The API's address without `/api/v1`: `https://host` or `http://localhost:8000`. */
  baseUrl: string
  /** Adds credentials to a request: a signature, a token. Its errors reach the caller as they are. */
  sign?: (request: Request) => Request | Promise<Request>
  /** The timeout of one call, from the signature to the end of the body; 60 by default. */
  timeoutSeconds?: number
  /** The platform's by default. */
  fetch?: typeof globalThis.fetch
}

/** Calls a route and returns its parsed body. Throws ApiError. */
export type Client = <Id extends RouteId>(
  id: Id,
  ...input: Record<never, never> extends InputOf<Id> ? [input?: InputOf<Id>] : [input: InputOf<Id>]
) => Promise<OutputOf<Id>>

const TIMEOUT_SECONDS = 60

export function makeClient(options: ClientOptions): Client {
  return async <Id extends RouteId>(id: Id, input: object = {}): Promise<OutputOf<Id>> => {
    const { baseUrl } = options
    const route: Route = ROUTES[id]
    const { status, ok, body, retryAfter } = await send(requestFor(route, input, baseUrl), options)
    if (!ok) throw apiErrorOf(baseUrl, { status, body, retryAfter })
    const json = jsonOf(body)
    if (json === undefined)
      throw new ApiError('foreign', `${baseUrl} did not answer with JSON; is it the orchestrator's API?`, {
        status,
      })
    const answer = ROUTES[id].success.output.safeParse(json)
    if (answer.success) return answer.data as OutputOf<Id>
    const issues = describeIssues(issuesOfZod(answer.error))
    throw new ApiError(
      'foreign',
      `${baseUrl} answered what the orchestrator's API of this version does not: ${issues}`,
      { status },
    )
  }
}

type Answer = { status: number; ok: boolean; body: string; retryAfter: string | null }

/** Sends a request and reads the whole body, in which a server may stall. */
async function send(request: Request, options: ClientOptions): Promise<Answer> {
  const { baseUrl, sign = (one) => one, timeoutSeconds = TIMEOUT_SECONDS, fetch = globalThis.fetch } = options
  const signal = AbortSignal.timeout(timeoutSeconds * 1_000)
  const ready = await orAborted(signal, async () => sign(request)).catch((error: unknown) => {
    if (error !== signal.reason) throw error
    throw new ApiError('timeout', `the request to ${baseUrl} has not been signed for ${timeoutSeconds} s`)
  })
  try {
    const response = await fetch(ready, { signal, redirect: 'manual' })
    const link = response.headers.get('location')
    // The link is presigned: S3 refuses it if the caller's signature is sent as well.
    const last =
      response.status === 303 && link !== null
        ? await fetch(new URL(link, ready.url), { signal, headers: { accept: 'application/json' } })
        : response
    const { status, ok, headers } = last
    return { status, ok, body: await last.text(), retryAfter: headers.get('retry-after') }
  } catch (error) {
    if (signal.aborted) throw new ApiError('timeout', `${baseUrl} has not answered for ${timeoutSeconds} s`)
    throw new ApiError('unreachable', `${baseUrl} cannot be reached (${reasonOf(error)})`, { cause: error })
  }
}

/** A failed fetch has its reason in the error below. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? message
}
