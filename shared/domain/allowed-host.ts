import * as z from 'zod'

const RIGHT_HOST =
  'a host is a name in small letters, e.g. api.example.com, with a port where it is not 443 (api.example.com:8443); *.example.com is every name below it; http://api.example.com allows it without encryption'

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const ENTRY = new RegExp(String.raw`^(?:(https?):\/\/)?((?:\*\.)?${LABEL}(?:\.${LABEL})+)(?::(\d{1,5}))?$`)

type Entry = { protocol: string; name: string; port: string }

/** A host that agents may call, as a stage names it in `allowedHosts`: `api.example.com`, `*.example.com`, `api.example.com:8443`, `http://intranet.example.com`. */
export const AllowedHostSchema = z.string({ error: RIGHT_HOST }).refine(isEntry, { error: RIGHT_HOST })

/**
 * Whether an address may be called: its scheme, name and port are those of an entry. `*.example.com` does not include `example.com`, nor does any
 * name include another that ends in a dot.
 */
export function isAllowedHost(url: URL, entries: readonly string[]): boolean {
  const protocol = url.protocol.slice(0, -1)
  const port = url.port || portOf(protocol)
  return entries.some((text) => {
    const entry = entryOf(text)
    return entry?.protocol === protocol && entry.port === port && isNamed(url.hostname, entry.name)
  })
}

/** A wildcard for a whole top-level domain would allow nearly everything. */
function isEntry(text: string): boolean {
  const entry = entryOf(text)
  if (!entry || entry.name.length > 253 || Number(entry.port) < 1 || Number(entry.port) > 65_535) return false
  return !entry.name.startsWith('*.') || entry.name.split('.').length > 2
}

function entryOf(text: string): Entry | undefined {
  const [, protocol = 'https', name, port = portOf(protocol)] = ENTRY.exec(text) ?? []
  return name === undefined ? undefined : { protocol, name, port: String(Number(port)) }
}

const portOf = (protocol: string): string => (protocol === 'http' ? '80' : '443')

const isNamed = (hostname: string, name: string): boolean =>
  name.startsWith('*.')
    ? hostname.endsWith(name.slice(1)) && hostname.length > name.length - 1
    : hostname === name
