import type { StoredKey } from '../../domain/api-key.ts'
import type { Caller } from '../../domain/caller.ts'
import { ANYBODY, type Identity, identityOf, withIdentities } from '../../domain/identity.ts'
import type { Ports } from '../../ports/index.ts'

type Needs = Pick<Ports, 'keys'>

/** Keys of earlier releases name only who has made them; so many of them are followed. */
const MOST_FOLLOWED = 10

/**
 * All that a caller is: himself, and behind a key who has made it (key/K6). A key is an instrument of its makers: who has made two may use both, so that they
 * have something in common. A key that is gone may be anybody's (identity/I2).
 */
export async function identitiesOf({ keys }: Needs, caller: Caller): Promise<Identity[]> {
  const own = identityOf(caller)
  if (caller.kind !== 'key') return [own]
  const key = await keys.findKey(caller.subject)
  return withIdentities([own], key?.tenant === caller.tenant ? await makersOf({ keys }, key) : [ANYBODY])
}

/** Who has made a key. */
export const makersOf = async (ports: Needs, key: StoredKey): Promise<Identity[]> =>
  key.makers === undefined ? formerMakers(ports, key, MOST_FOLLOWED) : [...key.makers]

const KEY_ID = /^[0-9a-z]{26}$/

/** The makers of a key of an earlier release, which names the subject of its maker alone. */
async function formerMakers(
  ports: Needs,
  { createdBy, replaces, tenant }: StoredKey,
  left: number,
): Promise<Identity[]> {
  const before = replaces === undefined ? [] : await ofKey(ports, replaces, tenant, left)
  if (createdBy.startsWith('arn:')) return [{ kind: 'iam', subject: createdBy }, ...before]
  if (createdBy === 'local') return [{ kind: 'local', subject: createdBy }, ...before]
  if (KEY_ID.test(createdBy)) return [...(await ofKey(ports, createdBy, tenant, left)), ...before]
  return [{ kind: 'oidc', subject: createdBy }, ...before]
}

async function ofKey({ keys }: Needs, id: string, tenant: string, left: number): Promise<Identity[]> {
  const key = left > 0 ? await keys.findKey(id) : undefined
  const own: Identity = { kind: 'key', subject: id }
  if (key?.tenant !== tenant) return [own, ANYBODY]
  return [own, ...(key.makers ?? (await formerMakers({ keys }, key, left - 1)))]
}
