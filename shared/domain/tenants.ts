/**
 * Names and tenants.
 *
 * Invariants (tests cite them):
 * tenants/N1 a name that the tenant `default` has given, or a deployment, is kept as it is; one of another tenant is qualified by it:
 *    `acme/translator`. No name has a slash of its own, so that two tenants never share one
 * tenants/N2 a tenant sees what is its own and what deployments have brought, and of two with one name its own
 */
import { DEFAULT_TENANT } from './caller.ts'

/** How a tenant is written, within a larger pattern. */
export const TENANT_PATTERN = '[a-z][a-z0-9-]{0,39}'
export const MOST_TENANT_CHARACTERS = 40

/** The name under which the registry keeps what the tenant calls `name` (tenants/N1). */
export const qualifiedName = (tenant: string, name: string): string =>
  tenant === DEFAULT_TENANT ? name : `${tenant}/${name}`

/** The name as its tenant has given it. */
export const givenName = (qualified: string): string => qualified.slice(qualified.indexOf('/') + 1)

/** The tenant that a qualified name says; undefined of one that `default` or a deployment has given. */
export function tenantInName(qualified: string): string | undefined {
  const at = qualified.indexOf('/')
  return at < 0 ? undefined : qualified.slice(0, at)
}

/** Whether a name, as a tenant writes it, means this one; among names that this tenant sees no two mean the same. */
export const isCalled = (qualified: string, name: string): boolean =>
  qualified === name || givenName(qualified) === name

/** The qualified name of a workflow. */
export const registryName = ({ tenant, workflow }: { tenant?: string; workflow: { name: string } }): string =>
  qualifiedName(tenant ?? DEFAULT_TENANT, workflow.name)

type Registered = { readonly name: string; readonly origin: 'deployment' | 'api' }

/** Whether it is the tenant's own: a caller of this tenant has registered it. */
export const isOwn = ({ name, origin }: Registered, tenant: string): boolean =>
  origin === 'api' && (tenantInName(name) ?? DEFAULT_TENANT) === tenant

/** What deployments have brought is common to all tenants. */
export const isCommon = ({ name, origin }: Registered): boolean =>
  origin !== 'api' && tenantInName(name) === undefined

/** What the tenant sees of a list, its own first (tenants/N2); `nameOf` says the qualified name. */
export function seenBy<T extends { readonly origin: 'deployment' | 'api' }>(
  tenant: string,
  all: readonly T[],
  nameOf: (one: T) => string,
): T[] {
  const registered = (one: T): Registered => ({ name: nameOf(one), origin: one.origin })
  const own = all.filter((one) => isOwn(registered(one), tenant))
  const names = new Set(own.map((one) => givenName(nameOf(one))))
  const common = all.filter((one) => isCommon(registered(one)) && !names.has(nameOf(one)))
  return [...own, ...common]
}
