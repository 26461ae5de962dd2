import type { IncomingHttpHeaders } from 'node:http'

/**
 * Both ports of the local cloud are open to every program on this machine, and a browser lets any web page send requests to
 * them (cross-site request forgery). So every request of any method is checked before anything else:
 *
 * foreign/D1 `Host` must name this machine: a page whose own name resolves to 127.0.0.1 (DNS rebinding) sends that name.
 * foreign/D2 `Origin` must equal the requested address: scheme, name and port. Other ports of this machine are other sites, and
 *     `null` (a sandboxed frame, a file, a redirect) is no origin at all. The API's door also admits the origins that its CORS
 *     configuration names; their answers are readable to them, and a request of theirs without an Origin is still refused.
 * foreign/D3 `Sec-Fetch-Site` must be `same-origin`, or `none` (an address typed by the user): browsers send it also where they send no
 *     Origin, as for images, scripts and links.
 *
 * Programs (curl, SDKs, the CLI) send neither Origin nor Sec-Fetch-Site. Headers that a page can set freely are no evidence.
 */
export type DoorHeaders = Pick<IncomingHttpHeaders, 'host' | 'origin'> & {
  readonly [name: string]: string | string[] | undefined
}

type Options = {
  /** Whether pages served by this port may send requests. AWS's endpoint serves none, and no SDK sends an Origin. */
  ownPages: boolean
  /** Origins of other pages that may send requests. */
  origins?: readonly string[] | undefined
}

const OWN_SITES = ['same-origin', 'none']
const MOST_QUOTED = 100

/** Why a request is refused, as a message for its sender; undefined if it is allowed. */
export function refusalOfPage(headers: DoorHeaders, { ownPages, origins = [] }: Options): string | undefined {
  const { host, origin, 'sec-fetch-site': site } = headers
  if (!namesThisMachine(host))
    return `Host is ${quoted(host)}; it must be localhost, 127.0.0.1 or [::1], with or without a port`
  if (typeof origin === 'string' && origins.includes(origin)) return undefined
  if (origin !== undefined && !(ownPages && isOwnOrigin(origin, String(host))))
    return `Origin is ${quoted(origin)}; ${ownPages ? `only pages of http://${String(host)}` : 'only programs, no pages,'} may ask`
  // An uploaded file may be an HTML page, opened by its link: the endpoint does not trust it.
  if (site !== undefined && !(ownPages ? OWN_SITES : ['none']).includes(String(site)))
    return `Sec-Fetch-Site is ${quoted(site)}; pages of other addresses may not ask`
  return undefined
}

function namesThisMachine(host: string | string[] | undefined): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i.test(String(host))
}

/** Browsers omit port 80 in both headers. */
function isOwnOrigin(origin: string | string[], host: string): boolean {
  return String(origin).toLowerCase() === `http://${host.toLowerCase().replace(/:80$/, '')}`
}

function quoted(value: string | string[] | undefined): string {
  return value === undefined ? 'missing' : JSON.stringify(String(value).slice(0, MOST_QUOTED))
}
