/** A file that a caller uploaded, under the key that file references name; `etag` changes with the content. */
export type StoredFile = { key: string; bytes: number; etag: string }

export type UploadTicket = { url: string; fields: Record<string, string> }

export type FileStore = {
  /** The file at a key or, with a trailing slash, all files under it; at most `limit`. */
  list(key: string, limit: number): Promise<StoredFile[]>
  /** Throws NotFoundError, and InvalidInputError above `maxBytes`. */
  read(key: string, maxBytes: number): Promise<Uint8Array>
  /** A presigned POST that accepts one file of at most `maxBytes` until it expires. */
  presignUpload(key: string, limits: { maxBytes: number; expiresSeconds: number }): Promise<UploadTicket>
}
