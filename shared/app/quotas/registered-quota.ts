/**
 * How many agents and workflows a tenant may have registered.
 *
 * Invariants (tests cite them):
 * registered/G1 a tenant never has more than its quota, however many are registered at once. Who registers holds a place under its name, longer than the list of
 *    what is registered can lag; those that are in the list count without one
 * registered/G2 what is registered already may be changed, also where there are more than the quota says now
 * registered/G3 a place is free again when its registration has failed, or what is in it is retired. Where another has registered the name meanwhile, the place is that one's
 */
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import type { Ports } from '../../ports/index.ts'

type Needs = Partial<Pick<Ports, 'quotas' | 'limits'>>
type Place = { tenant: string; quota: 'agents' | 'workflows'; name: string }

const HELD_SECONDS = 600
const scopeOf = ({ tenant, quota }: Place): string => `${quota}:${tenant}`

/** Registers `name`; `registered` says the names that the tenant has. Throws QuotaExceededError where there is no place for another. */
export async function withPlace<T>(
  { quotas, limits, clock }: Needs & Pick<Ports, 'clock'>,
  { registered, ...place }: Place & { registered: () => Promise<string[]> },
  register: () => Promise<T>,
): Promise<T> {
  const { tenant, quota, name } = place
  const most = quotas?.quotasOf(tenant)[quota]
  if (most === undefined || !limits) return register()
  const held = new Set(await limits.listSlots(scopeOf(place)))
  // A place is held for longer than the list can lag: whichever is read first, a name is in one of the two.
  const names = await registered()
  if (names.includes(name)) return register()
  const room = most - names.filter((one) => !held.has(one)).length
  const until = clock.now().getTime() / 1_000 + HELD_SECONDS
  if (room <= 0 || !(await limits.takeSlot(scopeOf(place), { id: name, until }, room))) {
    const message = `tenant "${tenant}" has registered ${most} ${quota}, as many as its quota allows (${quota} of the stage)`
    throw new OrchestratorError('QuotaExceededError', message, { tenant, quota })
  }
  try {
    return await register()
  } catch (error) {
    // Under one name there is one place: a registration that lost must not free it for the one that has won.
    if (!isOrchestratorError(error, 'ConflictError')) await limits.freeSlot(scopeOf(place), name)
    throw error
  }
}

/** Called when what has the name is retired. */
export async function leavePlace({ quotas, limits }: Needs, place: Place): Promise<void> {
  if (quotas?.quotasOf(place.tenant)[place.quota] !== undefined)
    await limits?.freeSlot(scopeOf(place), place.name)
}
