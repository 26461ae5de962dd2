import type * as z from 'zod'
import {
  type CreateKeySchema,
  KEY_DAYS,
  type KeyView,
  MOST_KEYS_OF_TENANT,
  type NewKeyView,
  type RevokedKeyView,
  type RotateKeySchema,
} from '../../contracts/key-requests.ts'
import {
  type ApiKey,
  isLive,
  keyText,
  madeWith,
  type StoredKey,
  scopesLackedBy,
} from '../../domain/api-key.ts'
import type { Caller, Scope } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { withIdentities } from '../../domain/identity.ts'
import type { Ports } from '../../ports/index.ts'
import { identitiesOf, makersOf } from './identities-of.ts'

type Needs = Pick<Ports, 'keys' | 'ids' | 'clock'> &
  Partial<Pick<Ports, 'quotas'>> & {
    /** Whether the stage has a door for keys. */
    takesKeys: boolean
  }

const DAY_MILLISECONDS = 86_400_000

/** Makes a key for the caller's tenant. Throws ForbiddenError for a scope that the caller lacks, and ConflictError where the tenant has too many or the stage takes none. */
export const createKey =
  (ports: Needs) =>
  async (
    { name, scopes, expiresAt }: z.output<typeof CreateKeySchema>,
    caller: Caller,
  ): Promise<NewKeyView> => {
    requireDoor(ports)
    requireScopes(caller, scopes)
    const now = ports.clock.now()
    const usual = new Date(now.getTime() + KEY_DAYS.usual * DAY_MILLISECONDS)
    const maker = await makerOf(ports, caller)
    const end = expiresAt === undefined ? usual : requireExpiry(expiresAt, now)
    if (expiresAt !== undefined && maker) requireWithin(end, maker)
    const until = maker ? earlier(end, new Date(maker.expiresAt)) : end
    const makers = await identitiesOf(ports, caller)
    const made = makeKey(
      ports,
      { name, scopes: [...new Set(scopes)], expiresAt: until.toISOString(), makers },
      caller,
    )
    await add(ports, made.stored, 1)
    await requireMaker(ports, made.stored)
    return { ...viewOf(made.stored, now), key: made.key }
  }

/** The keys of the caller's tenant. */
export const listKeys =
  ({ keys, clock }: Pick<Needs, 'keys' | 'clock'>) =>
  async (_input: object, { tenant }: Caller): Promise<{ keys: KeyView[] }> => {
    const now = clock.now()
    return { keys: (await keys.listKeys(tenant)).map((key) => viewOf(key, now)) }
  }

/** Revokes a key and what it has made (key/K7). Throws NotFoundError, also for the key of another tenant. */
export const revokeKey =
  (ports: Pick<Needs, 'keys' | 'clock'>) =>
  async ({ id }: { id: string }, { tenant }: Caller): Promise<RevokedKeyView> => {
    const { keys, clock } = ports
    const key = await findKey(ports, id, tenant)
    const listed = await keys.listKeys(tenant)
    // The key first: from then on it makes no other. What it has made meanwhile is found by another look.
    await keys.removeKey(key)
    const found = madeWith([...listed, ...(await keys.listKeys(tenant))], key)
    const alsoRevoked = [...new Map(found.map((one) => [one.id, one])).values()]
    for (const one of alsoRevoked) await keys.removeKey(one)
    return { ...viewOf(key, clock.now()), alsoRevoked: alsoRevoked.map((one) => one.id) }
  }

/**
 * Makes the successor of a key, with its name, scopes and length of life. Throws NotFoundError, ForbiddenError for a key with a scope that
 * the caller lacks (key/K3), and ConflictError for one that has expired, is replaced already, or whose predecessor is still live (key/K4).
 */
export const rotateKey =
  (ports: Needs) =>
  async ({ id, overlapSeconds }: z.output<typeof RotateKeySchema>, caller: Caller): Promise<NewKeyView> => {
    requireDoor(ports)
    const { keys, clock } = ports
    const former = await findKey(ports, id, caller.tenant)
    requireScopes(caller, former.scopes)
    const now = clock.now()
    if (!isLive(former, now)) throw conflict(`key ${id} has expired: make a new one`, id)
    if (former.replacedBy !== undefined) throw alreadyReplaced(id, former.replacedBy)
    const before = former.replaces === undefined ? undefined : await keys.findKey(former.replaces)
    if (before && isLive(before, now)) {
      const message = `key ${id} replaces ${before.id}, which is valid until ${before.expiresAt}: revoke that one first, two of a rotation may be live`
      throw conflict(message, id)
    }
    const life = Date.parse(former.expiresAt) - Date.parse(former.createdAt)
    const { name, scopes } = former
    const maker = await makerOf(ports, caller)
    const end = new Date(now.getTime() + life)
    // A key that rotates itself goes on living; another's ends with the key that has rotated it.
    const until = maker && maker.id !== id ? earlier(end, new Date(maker.expiresAt)) : end
    // The successor is whoever its predecessor was (key/K6).
    const makers = withIdentities(
      [{ kind: 'key', subject: id }, ...(await makersOf(ports, former))],
      await identitiesOf(ports, caller),
    )
    const said = { name, scopes, expiresAt: until.toISOString(), replaces: id, makers }
    const made = makeKey(ports, said, caller)
    // More than a tenant may have otherwise: who is at the bound may rotate too.
    await add(ports, made.stored, 2)
    const overlapEnd = new Date(now.getTime() + overlapSeconds * 1_000).toISOString()
    if (!(await keys.replaceKey(former, { id: made.stored.id, expiresAt: overlapEnd }))) {
      await keys.removeKey(made.stored)
      throw conflict(`key ${id} was replaced or revoked at the same time`, id)
    }
    await requireMaker(ports, made.stored)
    return { ...viewOf(made.stored, now), key: made.key }
  }

type Said = Pick<ApiKey, 'name' | 'scopes' | 'expiresAt' | 'replaces' | 'makers'>

function makeKey(
  { ids, clock }: Pick<Needs, 'ids' | 'clock'>,
  said: Said,
  { tenant, subject, kind }: Caller,
): { stored: StoredKey; key: string } {
  const id = ids.makeId('k').slice('k_'.length)
  const secret = ids.makeSecret()
  const createdAt = clock.now().toISOString()
  const madeBy = kind === 'key' ? { madeBy: subject } : {}
  const stored = { id, tenant, createdBy: subject, createdAt, ...madeBy, digest: ids.digest(secret), ...said }
  return { stored, key: keyText(id, secret) }
}

/** The key by which the caller has come, if any. Throws ConflictError where it is gone: doors admit it for a minute yet (key/K7). */
async function makerOf({ keys, clock }: Needs, { kind, subject }: Caller): Promise<StoredKey | undefined> {
  if (kind !== 'key') return undefined
  const maker = await keys.findKey(subject)
  if (maker && isLive(maker, clock.now())) return maker
  throw makerGone(subject)
}

/** Takes a key back whose maker was revoked while it was made. */
async function requireMaker({ keys }: Needs, made: StoredKey): Promise<void> {
  if (made.madeBy === undefined || (await keys.findKey(made.madeBy))) return
  await keys.removeKey(made)
  throw makerGone(made.madeBy)
}

const makerGone = (id: string): OrchestratorError =>
  conflict(`key ${id}, by which this was asked, is revoked or has expired: it makes no other`, id)

const earlier = (one: Date, other: Date): Date => (one.getTime() < other.getTime() ? one : other)

function requireWithin(end: Date, { id, expiresAt }: StoredKey): void {
  if (end.getTime() <= Date.parse(expiresAt)) return
  const message = `expiresAt: a key that a key makes ends with it: ${id} is valid until ${expiresAt}; this is ${end.toISOString()}: say an earlier time, or none, and it is valid as long as that`
  throw new OrchestratorError('InvalidInputError', message)
}

/** `times`: how many times as many as the tenant may have. */
async function add(
  { keys, quotas }: Pick<Needs, 'keys' | 'quotas'>,
  key: StoredKey,
  times: number,
): Promise<void> {
  const { tenant } = key
  const quota = quotas?.quotasOf(tenant).keys
  const most = Math.min(MOST_KEYS_OF_TENANT, quota ?? MOST_KEYS_OF_TENANT)
  if (await keys.addKey(key, times * most)) return
  if (quota !== undefined && quota < MOST_KEYS_OF_TENANT) {
    const message = `tenant "${tenant}" has ${quota} live keys, as many as its quota allows (keys of the stage): revoke one that is not used`
    throw new OrchestratorError('QuotaExceededError', message, { tenant, quota: 'keys' })
  }
  const message = `the tenant "${tenant}" has ${most} live keys, as many as it may: revoke one that is not used`
  throw new OrchestratorError('ConflictError', message)
}

async function findKey({ keys }: Pick<Needs, 'keys'>, id: string, tenant: string): Promise<StoredKey> {
  const key = await keys.findKey(id)
  if (key?.tenant === tenant) return key
  throw new OrchestratorError('NotFoundError', `there is no key ${id}`, { keyId: id })
}

function requireDoor({ takesKeys }: Needs): void {
  if (takesKeys) return
  const message =
    'no door of this installation takes keys: a stage with `identity: { keys: true }` has one, and so has orchestrator dev --auth'
  throw new OrchestratorError('ConflictError', message)
}

function requireScopes({ scopes }: Caller, wanted: readonly Scope[]): void {
  const lacked = scopesLackedBy(scopes, wanted)
  if (lacked.length === 0) return
  const message = `a key may have the scopes that its maker has; this caller lacks ${lacked.join(', ')}`
  throw new OrchestratorError('ForbiddenError', message, { scopes: lacked })
}

function requireExpiry(text: string, now: Date): Date {
  const days = (Date.parse(text) - now.getTime()) / DAY_MILLISECONDS
  if (days > 0 && days <= KEY_DAYS.most) return new Date(text)
  const message = `expiresAt: a key is valid for at most ${KEY_DAYS.most} days from now; this is ${text}`
  throw new OrchestratorError('InvalidInputError', message)
}

const alreadyReplaced = (id: string, by: string): OrchestratorError =>
  conflict(`key ${id} is replaced by ${by} already: rotate that one`, id)

const conflict = (message: string, keyId: string): OrchestratorError =>
  new OrchestratorError('ConflictError', message, { keyId })

function viewOf({ digest: _secret, makers: _makers, scopes, ...key }: StoredKey, now: Date): KeyView {
  return { ...key, scopes: [...scopes], status: isLive(key, now) ? 'live' : 'expired' }
}
