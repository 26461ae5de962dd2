import type { IncomingHttpHeaders } from 'node:http'

/**
 * Both doors of the local cloud are open to every program of this machine, and a browser lets any page of the web send requests to
 * them. So each request of each method is looked at before anything else is done for it:
 *
 * foreign/D1 `Host` must name this machine: a page whose own name resolves to 127.0.0.1 (DNS rebinding) sends that name.
 * foreign/D2 `Origin` must be the very address that was asked: scheme, name and port. Other ports of this machine are other sites, and
 *     `null` (a sandboxed frame, a file, a redirect) is nobody.
 * foreign/D3 `Sec-Fetch-Site` must be `same-origin`, or `none` (an address that somebody typed): browsers send it also where they send no
 *     Origin, as for images, scripts and links.
 *
 * Programs (curl, SDKs, the CLI) send neither Origin nor Sec-Fetch-Site. Headers that a page may set freely are no evidence.
 */
export type DoorHeaders = Pick<IncomingHttpHeaders, 'host' | 'origin'> & {
  readonly [name: string]: string | string[] | undefined
}

type Options = {
  /** Whether the door's own pages may ask. AWS's endpoint has none, and no SDK sends an Origin. */
  ownPages: boolean
}

const OWN_SITES = ['same-origin', 'none']
const MOST_QUOTED = 100

/** Why a request is not answered, for its sender to read; undefined for one that may come in. */
export function refusalOfPage(headers: DoorHeaders, { ownPages }: Options): string | undefined {
  const { host, origin, 'sec-fetch-site': site } = headers
  if (!namesThisMachine(host))
    return `Host is ${quoted(host)}; it must be localhost, 127.0.0.1 or [::1], with or without a port`
  if (origin !== undefined && !(ownPages && isOwnOrigin(origin, String(host))))
    return `Origin is ${quoted(origin)}; ${ownPages ? `only pages of http://${String(host)}` : 'only programs, no pages,'} may ask`
  // What somebody uploaded may be a page, opened by its link: it is no page of the endpoint's.
  if (site !== undefined && !(ownPages ? OWN_SITES : ['none']).includes(String(site)))
    return `Sec-Fetch-Site is ${quoted(site)}; pages of other addresses may not ask`
  return undefined
}

function namesThisMachine(host: string | string[] | undefined): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i.test(String(host))
}

/** A browser leaves out the port of an address when it is 80, in both headers. */
function isOwnOrigin(origin: string | string[], host: string): boolean {
  return String(origin).toLowerCase() === `http://${host.toLowerCase().replace(/:80$/, '')}`
}

function quoted(value: string | string[] | undefined): string {
  return value === undefined ? 'missing' : JSON.stringify(String(value).slice(0, MOST_QUOTED))
}
