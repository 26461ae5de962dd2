import { partsOf } from '../../functions/adapters/s3/parts-of.ts'
import { OrchestratorError } from '../../shared/domain/errors.ts'
import { DEFAULT_TYPES } from '../../shared/domain/task-file.ts'
import { tooLarge } from '../../shared/ports/file-store.ts'
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

const PART_BYTES = 1024 * 1024

export type Held = { bytes: Uint8Array; contentType: string }

/** A file store with the files of a test, and those that its agents write. */
export function memoryFiles(
  given: GivenFiles,
  { digest }: Pick<Ids, 'digest'>,
  held = new Map<string, Held>(),
): FileStore {
  for (const [key, content] of Object.entries(given)) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    held.set(key, { bytes, contentType: DEFAULT_TYPES.bytes })
  }
  const storedOf = (key: string, { bytes }: Held) => ({
    key,
    bytes: bytes.length,
    etag: digest(Buffer.from(bytes).toString('base64')).slice(0, 32),
  })
  const get = (key: string): Held => {
    const file = held.get(key)
    if (file) return file
    throw new OrchestratorError('NotFoundError', `there is no file ${key}`, { key })
  }
  return {
    async list(key, limit) {
      const found = [...held].filter(([one]) => (key.endsWith('/') ? one.startsWith(key) : one === key))
      return found
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([one, file]) => storedOf(one, file))
    },
    async page(prefix, { after = '', limit }) {
      const found = [...held].filter(([one]) => one.startsWith(prefix) && one > after)
      return found
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([one, file]) => storedOf(one, file))
    },
    async read(key, maxBytes) {
      const { bytes } = get(key)
      if (bytes.length <= maxBytes) return bytes
      const message = `${key} has ${bytes.length} bytes; this reads at most ${maxBytes}`
      throw new OrchestratorError('InvalidInputError', message, { key, bytes: bytes.length, maxBytes })
    },
    async open(key) {
      const file = get(key)
      const body = new Blob([new Uint8Array(file.bytes)]).stream()
      return { ...storedOf(key, file), contentType: file.contentType, body }
    },
    async write(key, content, { contentType, maxBytes, signal }) {
      const parts: Buffer[] = []
      let bytes = 0
      const onChunk = (size: number): void => {
        bytes += size
        if (bytes > maxBytes)
          throw new OrchestratorError('ContentTooLargeError', tooLarge(key, maxBytes), { key, maxBytes })
      }
      for await (const part of partsOf(content, { bytes: PART_BYTES, onChunk, signal })) parts.push(part)
      const file = { bytes: new Uint8Array(Buffer.concat(parts)), contentType }
      held.set(key, file)
      return storedOf(key, file)
    },
    async presignUpload(key) {
      const message = `a test gives its files by the option "files"; ${key} cannot be uploaded`
      throw new OrchestratorError('InvalidInputError', message, { key })
    },
    presignDownload: async (key) => `memory:${encodeURI(key)}`,
  }
}
