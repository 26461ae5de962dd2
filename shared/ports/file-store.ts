/** A stored file, under the key that file references name; `etag` changes with the content. */
export type StoredFile = { key: string; bytes: number; etag: string }

export type UploadTicket = { url: string; fields: Record<string, string> }

/** A file that is being read. */
export type OpenFile = StoredFile & { contentType: string; body: ReadableStream<Uint8Array> }

export type FileStore = {
  /** The file at a key or, with a trailing slash, all files under it; at most `limit`. */
  list(key: string, limit: number): Promise<StoredFile[]>
  /** The files under a prefix in the order of their keys (UTF-8), those after `after`: at most `limit`. */
  page(prefix: string, page: { after?: string | undefined; limit: number }): Promise<StoredFile[]>
  /** Throws NotFoundError, and InvalidInputError above `maxBytes`. */
  read(key: string, maxBytes: number): Promise<Uint8Array>
  /** The content as a stream. Throws NotFoundError. */
  open(key: string): Promise<OpenFile>
  /**
   * Stores a content as it comes, of which no more than a few parts are in memory. The file appears as a whole, or not at all: what throws
   * leaves nothing. Throws ContentTooLargeError above `maxBytes`, the signal's reason, and what the content throws.
   */
  write(key: string, content: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<StoredFile>
  /** A presigned POST that accepts one file of at most `maxBytes` until it expires. */
  presignUpload(key: string, limits: { maxBytes: number; expiresSeconds: number }): Promise<UploadTicket>
  /** A link by which anybody may download the file until it expires, with these headers. */
  presignDownload(
    key: string,
    options: { contentType: string; contentDisposition: string; expiresSeconds: number },
  ): Promise<string>
}

export type WriteOptions = { contentType: string; maxBytes: number; signal?: AbortSignal | undefined }

/** What `write` throws above its limit. */
export const tooLarge = (key: string, maxBytes: number): string =>
  `${key} has more than ${maxBytes} bytes, which is the most that a file may have here`
