import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** What is routed on the internet at all: everything else of IPv6 is reserved, translated or local. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')
/** In that range, and not of the internet: documentation (RFC 9637). */
const DOCUMENTATION = ipaddr.IPv6.parseCIDR('3fff::/20')

/** Public in form, and in Azure's network the platform itself. */
const PLATFORM = ['168.63.129.16']

/**
 * Whether an IP address belongs to the public internet: not to this machine, a private network, a link (where clouds have their metadata services), a
 * group, a test, or a translation of such an address into IPv6. Text that is no address is not public.
 */
export function isPublicAddress(text: string): boolean {
  // The library also reads short and octal forms, which are addresses of something else to others.
  if (isIP(text) === 0 || text.includes('%') || PLATFORM.includes(text)) return false
  const address = ipaddr.parse(text)
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast'
  if (address.isIPv4MappedAddress()) return isPublicAddress(address.toIPv4Address().toString())
  return address.range() === 'unicast' && address.match(GLOBAL_UNICAST) && !address.match(DOCUMENTATION)
}

/** Where clouds have their metadata services, beside the addresses of links (169.254.0.0/16, fe80::/10). */
const METADATA = [...PLATFORM, 'fd00:ec2::254', '100.100.100.200', '192.0.0.192', 'fd20:ce::254']

/**
 * Whether an IP address may be called where a stage names its origin as private: one of this machine or of a private network, or a public one; never a
 * link, where clouds have their metadata services, a group, or a translation of such an address into IPv6.
 */
export function isCallablePrivately(text: string): boolean {
  if (isIP(text) === 0 || text.includes('%')) return false
  const address = ipaddr.parse(text)
  if (METADATA.some((one) => ipaddr.parse(one).toString() === address.toString())) return false
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress())
    return isCallablePrivately(address.toIPv4Address().toString())
  return isPublicAddress(text) || CALLABLE.includes(address.range())
}

const CALLABLE = ['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']
