import { VALUES_PREFIX } from '../../../shared/contracts/table-layout.ts'
import type { Json } from '../../../shared/domain/json.ts'
import type { StoredValue } from '../../../shared/domain/step.ts'
import type { BlobStore, Values } from '../../../shared/ports/index.ts'

/** Above this a value goes to the blob store: a large item costs write units on every touch. */
const MOST_INLINE_BYTES = 16 * 1024

/** Stores small values inline in the item that refers to them, larger ones as blobs (claim check). */
export function blobValues({
  blobs,
  digest,
}: {
  blobs: BlobStore
  digest: (text: string) => string
}): Values {
  return {
    async storeValue(taskId, value, mostInlineBytes = MOST_INLINE_BYTES): Promise<StoredValue> {
      const text = JSON.stringify(value)
      const bytes = Buffer.byteLength(text)
      if (bytes <= mostInlineBytes) return { inline: text }
      const key = `${VALUES_PREFIX}${taskId}/${digest(text)}.json`
      await blobs.put(key, text)
      return { blob: key, bytes }
    },

    async loadValue(stored): Promise<Json> {
      return JSON.parse('inline' in stored ? stored.inline : await blobs.get(stored.blob)) as Json
    },
  }
}
