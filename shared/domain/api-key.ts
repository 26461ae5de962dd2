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
