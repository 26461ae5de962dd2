import { OrchestratorError } from '../../shared/domain/errors.ts'
import type { BlobStore, FileStore, Ids } from '../../shared/ports/index.ts'

export function memoryBlobs(): BlobStore {
  const blobs = new Map<string, string>()
  return {
    put: async (key, text) => void blobs.set(key, text),
    get: async (key) => {
      const text = blobs.get(key)
      if (text === undefined)
        throw new OrchestratorError('NotFoundError', `there is no value ${key}`, { key })
      return text
    },
  }
}

/** Uploaded files by key: `files/notes/one.md`. */
export type GivenFiles = Readonly<Record<string, string | Uint8Array>>

/** A read-only file store with the files of a test. */
export function memoryFiles(given: GivenFiles, { digest }: Pick<Ids, 'digest'>): FileStore {
  const bytesOf = (key: string): Uint8Array | undefined => {
    const content = Object.hasOwn(given, key) ? given[key] : undefined
    return typeof content === 'string' ? new TextEncoder().encode(content) : content
  }
  const storedOf = (key: string) => {
    const bytes = bytesOf(key) ?? new Uint8Array()
    return { key, bytes: bytes.length, etag: digest(Buffer.from(bytes).toString('base64')).slice(0, 32) }
  }
  return {
    async list(key, limit) {
      const keys = key.endsWith('/')
        ? Object.keys(given)
            .filter((one) => one.startsWith(key))
            .sort()
        : Object.keys(given).filter((one) => one === key)
      return keys.slice(0, limit).map(storedOf)
    },
    async read(key, maxBytes) {
      const content = bytesOf(key)
      if (!content) throw new OrchestratorError('NotFoundError', `there is no file ${key}`, { key })
      if (content.length <= maxBytes) return content
      const message = `${key} has ${content.length} bytes; this reads at most ${maxBytes}`
      throw new OrchestratorError('InvalidInputError', message, { key, bytes: content.length, maxBytes })
    },
    async presignUpload(key) {
      const message = `a test gives its files by the option "files"; ${key} cannot be uploaded`
      throw new OrchestratorError('InvalidInputError', message, { key })
    },
  }
}
