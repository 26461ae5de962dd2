import { type ApiKey, isLive, partsOfKey, sameDigest } from '../../domain/api-key.ts'
import type { Ports } from '../../ports/index.ts'

const MINUTE_MILLISECONDS = 60_000

/** The live key that a text is (key/K2, key/K5); undefined for any other text. Notes its use, once a minute. */
export const verifyKey =
  ({ keys, ids, clock }: Pick<Ports, 'keys' | 'ids' | 'clock'>) =>
  async (text: string): Promise<ApiKey | undefined> => {
    const parts = partsOfKey(text)
    if (parts === undefined) return undefined
    const digest = ids.digest(parts.secret)
    const found = await keys.findKey(parts.id)
    const now = clock.now()
    if (found === undefined || !sameDigest(found.digest, digest) || !isLive(found, now)) return undefined
    const minute = new Date(
      Math.floor(now.getTime() / MINUTE_MILLISECONDS) * MINUTE_MILLISECONDS,
    ).toISOString()
    // Who was let in is not kept out because a note cannot be written.
    if ((found.lastUsedAt ?? '') < minute) await keys.noteUse(found.id, minute).catch(() => {})
    const { digest: _secret, ...key } = found
    return key
  }
