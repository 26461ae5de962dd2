import type * as z from 'zod'
import type { DeleteTenantSchema, TenantView } from '../../contracts/deletion-views.ts'
import { type Caller, DEFAULT_TENANT, mayDo } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Ports } from '../../ports/index.ts'
import { isUnderWay } from '../../ports/tenants.ts'

type Needs = Pick<Ports, 'tenants' | 'clock'>

/** Begins the deletion of a tenant, once. Throws NotFoundError, InvalidInputError without its name in `confirm`, ConflictError for `default`. */
export const deleteTenant =
  (ports: Needs) =>
  async (
    { name: tenant, confirm }: z.output<typeof DeleteTenantSchema>,
    caller: Caller,
  ): Promise<TenantView> => {
    requireSeen(tenant, caller)
    if (tenant === DEFAULT_TENANT) {
      const message =
        'the tenant "default" is that of the installation itself and cannot be deleted; delete its tasks one by one, or destroy the stacks'
      throw new OrchestratorError('ConflictError', message)
    }
    if (confirm !== tenant) {
      const message = `confirm: everything of the tenant "${tenant}" would be deleted for good; say confirm=${tenant}`
      throw new OrchestratorError('InvalidInputError', message)
    }
    const requestedAt = ports.clock.now().toISOString()
    await ports.tenants.beginDeletion({ tenant, requestedAt, tasks: 0, records: 0, revision: 1 })
    return viewOf(ports, tenant, caller)
  }

/** A tenant, and its deletion while it lasts and for some time after. Throws NotFoundError for another tenant, but for an administrator of `default`. */
export const getTenant =
  (ports: Needs) =>
  async ({ name: tenant }: { name: string }, caller: Caller): Promise<TenantView> => {
    requireSeen(tenant, caller)
    return viewOf(ports, tenant, caller)
  }

async function viewOf({ tenants }: Needs, tenant: string, caller: Caller): Promise<TenantView> {
  const found = await tenants.findDeletion(tenant)
  const own = caller.tenant === tenant
  if (!found) return { tenant, own, status: 'active' }
  const { requestedAt, tasks, records } = found
  const deletion = { requestedAt, tasks, records }
  if (isUnderWay(found)) return { tenant, own, status: 'deleting', deletion }
  return { tenant, own, status: 'deleted', deletion: { ...deletion, endedAt: found.endedAt } }
}

/** Ids of other tenants are not found, whatever the scopes; who administers `default` administers the installation. */
function requireSeen(tenant: string, caller: Caller): void {
  if (caller.tenant === tenant || (caller.tenant === DEFAULT_TENANT && mayDo(caller, 'admin'))) return
  throw new OrchestratorError('NotFoundError', `there is no tenant ${tenant}`)
}
