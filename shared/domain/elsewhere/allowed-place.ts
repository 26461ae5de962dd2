/**
 * Whether a tenant may have an agent at a place. Asked when the agent is registered, and again before each call, for the stage may have changed since.
 *
 * Invariants (tests cite them):
 * elsewhere/W1 an agent is called only where the stage allows it to its tenant; what it allows to one tenant is no other's
 * elsewhere/W2 no function of the installation itself is called as an agent elsewhere, whatever a pattern says
 */
import { isAllowedHost } from '../allowed-host.ts'
import { DEFAULT_TENANT } from '../caller.ts'
import { type Issue, issue } from '../issue.ts'
import { ownOf } from '../own.ts'
import type { Elsewhere } from './place.ts'
import { type AllowedElsewhere, type ElsewhereSettings, NOTHING_ALLOWED } from './settings.ts'

/** What the stage allows to a tenant (elsewhere/W1). */
export const allowedTo = (settings: ElsewhereSettings, tenant: string): AllowedElsewhere =>
  tenant === DEFAULT_TENANT ? settings : (ownOf(settings.tenants, tenant) ?? NOTHING_ALLOWED)

/** What the stage allows to any tenant: what the function that calls agents elsewhere may do. */
export function allowedToAny(settings: ElsewhereSettings): AllowedElsewhere {
  const all = [settings, ...Object.values(settings.tenants)]
  const joined = (part: keyof AllowedElsewhere): string[] => [...new Set(all.flatMap((one) => one[part]))]
  return {
    hosts: joined('hosts'),
    privateOrigins: joined('privateOrigins'),
    lambda: joined('lambda'),
    secrets: joined('secrets'),
  }
}

/** The functions of an installation: the beginning of their ARNs. */
export const ownFunctions = ({
  partition,
  region,
  account,
  prefix,
}: {
  partition: string
  region: string
  account: string
  prefix: string
}): string => `arn:${partition}:lambda:${region}:${account}:function:${prefix}`

/**
 * Why a place is not allowed to a tenant, with what is; none where it is. `own` is the beginning of the ARNs of the installation's functions
 * (elsewhere/W2).
 */
export function issuesOfPlace(
  place: Elsewhere,
  { allowed, tenant, own }: { allowed: AllowedElsewhere; tenant: string; own: string },
): Issue[] {
  const where = tenant === DEFAULT_TENANT ? 'agentsElsewhere' : `agentsElsewhere.tenants.${tenant}`
  if (place.kind === 'lambda') {
    if (place.arn.startsWith(own))
      return [
        issue(
          'invalid-value',
          'arn',
          `it is ${place.arn}, a function of this installation, which is no agent elsewhere`,
        ),
      ]
    if (allowed.lambda.some((pattern) => isFunction(place.arn, pattern))) return []
    return [
      issue(
        'invalid-value',
        'arn',
        `it is ${place.arn}, which is not among the functions that the stage allows ${told(allowed.lambda)}; add it to ${where}.lambda of the stage and deploy`,
      ),
    ]
  }
  const url = new URL(place.url)
  const isHost = allowed.privateOrigins.includes(url.origin) || isAllowedHost(url, allowed.hosts)
  const issues: Issue[] = []
  if (!isHost)
    issues.push(
      issue(
        'invalid-value',
        'url',
        `it is at ${url.origin}, which is not among the hosts that the stage allows ${told([...allowed.hosts, ...allowed.privateOrigins])}; add it to ${where}.hosts of the stage (or privateOrigins, in a private network) and deploy`,
      ),
    )
  if (place.secret !== undefined && !allowed.secrets.includes(place.secret))
    issues.push(
      issue(
        'invalid-value',
        'secret',
        `it is ${place.secret}, which is not among the secrets that the stage allows ${told(allowed.secrets)}; add it to ${where}.secrets of the stage, say in secrets where it is kept, and deploy`,
      ),
    )
  return issues
}

/** Whether a function, maybe with an alias or a version, is one that the pattern names. */
function isFunction(arn: string, pattern: string): boolean {
  const unqualified = arn.split(':').slice(0, 7).join(':')
  return pattern.endsWith('*') ? unqualified.startsWith(pattern.slice(0, -1)) : unqualified === pattern
}

const MOST_TOLD = 10
const told = (entries: readonly string[]): string =>
  entries.length === 0
    ? '(it allows none)'
    : `(${entries.slice(0, MOST_TOLD).join(', ')}${entries.length > MOST_TOLD ? ', ...' : ''})`
