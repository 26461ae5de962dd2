import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Ports } from '../../ports/index.ts'
import { isUnderWay } from '../../ports/tenants.ts'

/** How long a worker keeps what it has read: shorter than what a deletion waits for late writes (tenant-deletion/E1). */
const KEPT_MILLISECONDS = 10_000
const MOST_KEPT = 1_000

/**
 * Throws ForbiddenError to a caller whose tenant is being deleted (tenant-deletion/E3). What is read is kept for ten seconds.
 */
export function refuseCallersOfDeleted({ tenants, clock }: Pick<Ports, 'tenants' | 'clock'>) {
  const kept = new Map<string, { at: number; since: Promise<string | undefined> }>()
  const read = async (tenant: string): Promise<string | undefined> => {
    const found = await tenants.findDeletion(tenant)
    return isUnderWay(found) ? found.requestedAt : undefined
  }
  return async ({ tenant }: Caller): Promise<void> => {
    const now = clock.now().getTime()
    let known = kept.get(tenant)
    if (!known || now - known.at >= KEPT_MILLISECONDS) {
      if (kept.size >= MOST_KEPT) kept.clear()
      known = { at: now, since: read(tenant) }
      known.since.catch(() => kept.delete(tenant))
      kept.set(tenant, known)
    }
    const since = await known.since
    if (since === undefined) return
    const message = `the tenant "${tenant}" is being deleted since ${since}; its callers are refused until that has ended: GET /api/v1/tenants/${tenant} tells how far it is`
    throw new OrchestratorError('ForbiddenError', message)
  }
}
