import * as z from 'zod'
import { DEFAULT_TENANT, SCOPES, type Scope } from './caller.ts'
import { TenantSchema } from './tenant.ts'

const RIGHT_ROLE =
  'the name of an IAM role or user, in which * stands for any characters, e.g. reports-*: at most 64 letters, digits and _+=,.@-*'
const RIGHT_SCOPES = `scopes, each of them one of ${SCOPES.join(', ')}`

export const ScopeSchema = z.enum(SCOPES, { error: `a scope is one of ${SCOPES.join(', ')}` })

/** Which tenant a role belongs to, and what it may do. */
export const MappedRoleSchema = z.strictObject({
  role: z.string({ error: RIGHT_ROLE }).regex(/^[\w+=,.@*-]{1,64}$/, RIGHT_ROLE),
  tenant: TenantSchema.optional(),
  scopes: z.array(ScopeSchema, { error: RIGHT_SCOPES }).optional(),
})
export type MappedRole = z.output<typeof MappedRoleSchema>

/** An entry of a stage's `callerRoles`: a name, which has the tenant `default` and every scope, or what it is mapped to. */
export type CallerRole = string | MappedRole

/** The name of an entry's role, and whether it stands for one role alone. */
export function roleOf(entry: CallerRole): { name: string; isPattern: boolean } {
  const name = typeof entry === 'string' ? entry : entry.role
  return { name, isPattern: typeof entry !== 'string' && name.includes('*') }
}

export type Grantee = { tenant: string; scopes: readonly Scope[] }

const EVERYTHING: Grantee = { tenant: DEFAULT_TENANT, scopes: SCOPES }
const NOTHING: Grantee = { tenant: DEFAULT_TENANT, scopes: [] }

/**
 * The tenant and the scopes of an IAM caller: those of the first entry that matches the name of its role or user, and without one the
 * tenant `default` and every scope. A caller whose name says nothing of who it is (a federated user chooses it, another account has its own)
 * matches only `*`; where roles are mapped and none matches so, it may do nothing.
 *
 * `account` is the account of the API.
 */
export function granteeOf(arn: string, account: string, entries: readonly CallerRole[]): Grantee {
  if (!entries.some((entry) => typeof entry !== 'string')) return EVERYTHING
  const name = nameOf(arn, account)
  const entry = entries.find((one) => matches(one, name))
  if (entry === undefined) return name === undefined ? NOTHING : EVERYTHING
  if (typeof entry === 'string') return EVERYTHING
  return { tenant: entry.tenant ?? DEFAULT_TENANT, scopes: entry.scopes ?? SCOPES }
}

const ARN = /^arn:[\w-]+:(?:sts|iam)::(\d{12}):(.+)$/

/** `arn:aws:sts::<account>:assumed-role/<role>/<session>`, `arn:aws:iam::<account>:user/<path>/<name>`; the root user is `root`. */
function nameOf(arn: string, account: string): string | undefined {
  const [, owner, resource = ''] = ARN.exec(arn) ?? []
  if (owner !== account) return undefined
  const [kind, ...rest] = resource.split('/')
  if (kind === 'assumed-role' && rest.length >= 2) return rest[0]
  if (kind === 'user') return rest.at(-1)
  return resource === 'root' ? 'root' : undefined
}

function matches(entry: CallerRole, name: string | undefined): boolean {
  const { name: wanted, isPattern } = roleOf(entry)
  if (!isPattern) return wanted === name
  if (name === undefined) return wanted === '*'
  return fits(wanted, name)
}

/** Whether a name has the parts between the asterisks, in their order. */
function fits(pattern: string, name: string): boolean {
  const [start = '', ...others] = pattern.split('*')
  const end = others.pop() ?? ''
  if (!name.startsWith(start) || name.length < start.length + end.length || !name.endsWith(end)) return false
  const inner = name.slice(start.length, name.length - end.length)
  let at = 0
  return others.every((part) => {
    const found = inner.indexOf(part, at)
    at = found + part.length
    return found >= 0
  })
}
