/**
 * API keys: `orc_<id>_<secret>`.
 *
 * Invariants (tests cite them):
 * key/K1 what is stored opens nothing: the secret has 256 random bits, and only its SHA-256 is kept
 * key/K2 an id without its secret opens nothing, and a secret opens under its own id alone
 * key/K3 nobody makes a key, nor gets the secret of one, with a scope that he lacks
 * key/K4 at most two keys of a rotation are live at a time
 * key/K5 a key that has expired or is revoked opens nothing
 * key/K6 a key counts as those who have made it, also through other keys, and its successor as the key that it replaces
 * key/K7 what a key has made ends with it: it expires no later, and is revoked with it, also what that has made; a key that rotates itself
 *    may give its successor the length of life that it had
 */
import { mayDo, type Scope } from './caller.ts'
import type { Identity } from './identity.ts'

export type ApiKey = {
  /** 26 characters; the part of the key that may be shown. */
  readonly id: string
  readonly name: string
  readonly tenant: string
  readonly scopes: readonly Scope[]
  /** The subject of the caller that made it. */
  readonly createdBy: string
  /** Who has made it, with who has made his key, and so on; and the keys that it replaces. Keys of earlier releases have none. */
  readonly makers?: readonly Identity[]
  readonly createdAt: string
  readonly expiresAt: string
  /** To the minute; absent until it is used. */
  readonly lastUsedAt?: string
  /** The id of the key that has made it; absent where somebody else has. */
  readonly madeBy?: string
  /** The id of the key that it replaces. */
  readonly replaces?: string
  /** The id of the key that replaces it. */
  readonly replacedBy?: string
}

/** With the SHA-256 of its secret, in hexadecimal. */
export type StoredKey = ApiKey & { readonly digest: string }

const KEY = /^orc_([0-9a-z]{26})_([\w-]{43})$/

export const keyText = (id: string, secret: string): string => `orc_${id}_${secret}`

/** The parts of a key; undefined for what is no key. */
export function partsOfKey(text: string): { id: string; secret: string } | undefined {
  const [, id, secret] = KEY.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** Whether two digests are the same; takes as long for any two of one length. */
export function sameDigest(one: string, other: string): boolean {
  let differences = one.length ^ other.length
  for (let at = 0; at < one.length; at++) differences |= one.charCodeAt(at) ^ other.charCodeAt(at)
  return differences === 0
}

export const isLive = ({ expiresAt }: Pick<ApiKey, 'expiresAt'>, now: Date): boolean =>
  Date.parse(expiresAt) > now.getTime()

/** Those of the scopes that the holder of others may not do (key/K3). */
export const scopesLackedBy = (held: readonly Scope[], wanted: readonly Scope[]): Scope[] =>
  wanted.filter((scope) => !mayDo({ scopes: held }, scope))

/**
 * The keys of a list that end with one of them (key/K7), without that one: what it has made, and those that it has replaced, and what these
 * have made. Also where a key between the two is listed no more: each names all its makers.
 */
export function madeWith<K extends Pick<ApiKey, 'id' | 'madeBy' | 'makers' | 'createdBy' | 'replaces'>>(
  keys: readonly K[],
  key: Pick<ApiKey, 'id' | 'replaces'>,
): K[] {
  const makers = new Set<string>()
  const found: K[] = []
  const next: Pick<ApiKey, 'id' | 'replaces'>[] = [key]
  for (const one of next) {
    for (const id of predecessorsOf(keys, one)) makers.add(id)
    for (const other of keys) {
      if (other.id === key.id || found.includes(other)) continue
      if (!makersIn(keys, other).some((id) => makers.has(id))) continue
      found.push(other)
      next.push(other)
    }
  }
  return found
}

/** The keys that have made one. Its makers also name those that it has replaced, which have not; somebody who has no key has made it alone. */
function makersIn(
  keys: readonly Pick<ApiKey, 'id' | 'replaces'>[],
  key: Pick<ApiKey, 'id' | 'madeBy' | 'makers' | 'createdBy' | 'replaces'>,
): string[] {
  // Keys of earlier releases say it as the subject that has made them.
  if (key.madeBy === undefined) return [key.createdBy]
  const replaced = predecessorsOf(keys, key)
  const all = (key.makers ?? []).filter(({ kind, subject }) => kind === 'key' && !replaced.includes(subject))
  return [key.madeBy, ...all.map(({ subject }) => subject)]
}

/** The key and those that it has replaced, one after another. */
function predecessorsOf(
  keys: readonly Pick<ApiKey, 'id' | 'replaces'>[],
  key: Pick<ApiKey, 'id' | 'replaces'>,
): string[] {
  const ids = [key.id]
  for (let { replaces } = key; replaces !== undefined && !ids.includes(replaces); ) {
    ids.push(replaces)
    replaces = keys.find(({ id }) => id === replaces)?.replaces
  }
  return ids
}
