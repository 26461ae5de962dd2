import type { StoredKey } from '../domain/api-key.ts'

/** The API keys of all tenants. Each method is strongly consistent. */
export type Keys = {
  /** Adds a key. False where its tenant has `most` live keys already; those that have expired make room and are removed. */
  addKey(key: StoredKey, most: number): Promise<boolean>
  findKey(id: string): Promise<StoredKey | undefined>
  /** The keys of a tenant, oldest first; those that have expired are among them for a while. */
  listKeys(tenant: string): Promise<StoredKey[]>
  /** Ends a key at `expiresAt`, or before where it ends sooner, in favour of another. False where it is gone or replaced already. */
  replaceKey(key: StoredKey, by: { id: string; expiresAt: string }): Promise<boolean>
  /** Removing twice changes nothing. */
  removeKey(key: Pick<StoredKey, 'id' | 'tenant'>): Promise<void>
  /** Notes that a key was used in a minute (ISO 8601, whole minutes); a later one stays. Nothing for a key that is gone. */
  noteUse(id: string, minute: string): Promise<void>
}
