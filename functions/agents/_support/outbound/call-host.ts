/**
 * Calls a host on behalf of somebody who names the address: a workflow, a model, a page that redirects. The address must not become a way into the
 * network of the function, or to the cloud's metadata (server-side request forgery).
 *
 * Invariants (tests cite them):
 * outbound/O1 only hosts of the stage's allowedHosts are called, by their name, scheme and port; each redirect is checked like the first address
 * outbound/O2 every address that a name resolves to is public, or nothing is called
 * outbound/O3 the connection goes to an address that was checked: the name is not resolved a second time
 * outbound/O4 time, bytes (as sent and as unpacked) and redirects have limits
 * outbound/O6 an origin that the stage names as private is called as it stands there; its addresses may be private, and none is of a metadata service
 * outbound/O5 keys, and what is sent, do not go to another origin than the one that they were given for
 */
import { lookup as systemLookup } from 'node:dns/promises'
import { FinalError, orAborted, RetryableError } from 'orchestrator/agent'
import { type AllowedBesides, checkUrl } from './check-url.ts'
import { type Address, type Exchange, exchange } from './exchange.ts'
import { checkHeaders, headersForOthers, returnedHeaders } from './outbound-headers.ts'
import { isCallablePrivately, isPublicAddress } from './public-address.ts'

export type OutboundRequest = {
  url: string
  method: string
  headers?: Readonly<Record<string, string>>
  body?: string | undefined
  timeoutSeconds: number
  mostBytes: number
  /** How many redirects are followed; where it is not said, a redirect is an answer as any other. */
  mostRedirects?: number
}

export type OutboundAnswer = {
  /** The address that answered, after redirects. */
  url: string
  status: number
  headers: Record<string, string>
  body: Buffer
  /** Whether the body was longer than `mostBytes`, and is cut. */
  truncated: boolean
  redirects: number
}

/** What a stage and the system say; tests pass their own. */
export type Surroundings = AllowedBesides & {
  allowedHosts: readonly string[]
  resolve?: (hostname: string) => Promise<readonly Address[]>
  isPublic?: (address: string) => boolean
}

const REDIRECTS = [301, 302, 303, 307, 308]
const READING = ['GET', 'HEAD']

/**
 * The answer, whatever its status. Throws ConfigError, InvalidInputError and FinalError for what may not be called, RetryableError where the host does not
 * answer in time, and the signal's reason.
 */
export async function callHost(
  request: OutboundRequest,
  around: Surroundings,
  signal: AbortSignal,
): Promise<OutboundAnswer> {
  const limit = AbortSignal.timeout(Math.round(request.timeoutSeconds * 1_000))
  const either = AbortSignal.any([signal, limit])
  let { method, body } = request
  let url = checkUrl(request.url, around.allowedHosts, around)
  let headers = checkHeaders(request.headers ?? {})
  try {
    for (let redirects = 0; ; redirects += 1) {
      const answer = await callOnce({ url, method, headers, body }, request.mostBytes, around, either)
      const { mostRedirects } = request
      const isFollowed = mostRedirects !== undefined && REDIRECTS.includes(answer.status)
      const next = isFollowed ? answer.headers.location : undefined
      if (next === undefined)
        return { ...answer, url: url.href, headers: returnedHeaders(answer.headers), redirects }
      if (redirects === mostRedirects)
        throw new FinalError(
          `${url.origin} redirects for the ${redirects + 1}th time; at most ${mostRedirects} redirects are followed`,
        )
      const to = checkUrl(URL.parse(next, url)?.href ?? next, around.allowedHosts, around)
      if (url.protocol === 'https:' && to.protocol === 'http:')
        throw new FinalError(`${url.origin} redirects to ${to.origin}, which is not encrypted`)
      // As browsers do it: what was posted is not posted again, unless the status says so.
      if (answer.status === 303 || (answer.status < 303 && method === 'POST')) {
        method = method === 'HEAD' ? 'HEAD' : 'GET'
        body = undefined
      }
      if (to.origin !== url.origin) {
        if (!READING.includes(method))
          throw new FinalError(
            `${url.origin} redirects a ${method} (${answer.status}) to ${to.origin}; what is sent to one host is not sent on to another: call ${to.origin} itself`,
          )
        headers = headersForOthers(headers)
      }
      url = to
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (limit.aborted)
      throw new RetryableError(`${url.origin} has not answered within ${request.timeoutSeconds} s`, {
        cause: error,
      })
    throw error
  }
}

async function callOnce(
  asked: Pick<Exchange, 'url' | 'method' | 'headers' | 'body'>,
  mostBytes: number,
  { resolve = resolveBySystem, isPublic = isPublicAddress, privateOrigins = [] }: Surroundings,
  signal: AbortSignal,
) {
  const { origin } = asked.url
  const hostname = asked.url.hostname.replace(/^\[|\]$/g, '')
  const isPrivate = privateOrigins.includes(origin)
  const mayCall = isPrivate ? isCallablePrivately : isPublic
  // A resolver cannot be interrupted; its answer is not waited for.
  const addresses = await orAborted(signal, () => resolve(hostname)).catch((error: Error) => {
    throw signal.aborted
      ? error
      : new RetryableError(`the name ${hostname} cannot be resolved: ${error.message}`, { cause: error })
  })
  const inner = addresses.find(({ address }) => !mayCall(address))
  if (inner || addresses.length === 0)
    throw new FinalError(
      `${hostname} is ${inner ? `at ${inner.address}, which is no ${isPrivate ? 'address that may be called' : 'public address'}` : 'at no address'}; ${isPrivate ? 'addresses of links and metadata services are not called' : 'only hosts on the public internet are called'}`,
    )
  try {
    return await exchange({ ...asked, addresses, mostBytes, signal })
  } catch (error) {
    if (signal.aborted || error instanceof FinalError) throw error
    throw new RetryableError(`${origin} cannot be reached: ${(error as Error).message}`, { cause: error })
  }
}

const resolveBySystem = (hostname: string): Promise<Address[]> =>
  systemLookup(hostname, { all: true, verbatim: true })
