import type { FileReference } from '../domain/file-reference.ts'
import type { StoredFile } from '../ports/file-store.ts'

/** What a file is made of: text, bytes, or either as it comes. A Node.js `Readable` is an `AsyncIterable`. */
export type FileData =
  | string
  | Uint8Array
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>

/** A file that is being read. */
export type ReadFile = {
  readonly key: string
  /** The last part of its name. */
  readonly name: string
  readonly bytes: number
  readonly contentType: string
  /** `for await (const chunk of body)`; as Node.js has it, `Readable.fromWeb(body)`. */
  readonly body: ReadableStream<Uint8Array>
}

/** Files that came with the task, and those that agents write. */
export type AgentFiles = {
  /** All files at a reference, or under it when it is a folder. Throws InvalidInputError when there are none. */
  list(reference: { $file: string }): Promise<StoredFile[]>
  /** UTF-8 text of at most 20 MB. Throws NotFoundError, and InvalidInputError when it is too large or not text. */
  readText(file: { $file: string } | string): Promise<string>
  /** The content as a stream, of any size. Throws NotFoundError. */
  read(file: { $file: string } | string): Promise<ReadFile>
  /**
   * Stores a file with the task, as it comes, and returns the reference by which it may stand in the output: the next agent reads it, and
   * people download it. `name` is a relative path such as `charts/sales.png`; one attempt writes a name once. Without a content type it is
   * that of the name's ending. A file that fails, or is too large (500 MB where a stage says nothing else), leaves nothing.
   *
   * Throws FinalError for a name, type or content that is not right, for a file that is too large, and for one too many; what the content
   * throws; and the reason of `signal`.
   */
  write(name: string, data: FileData, options?: { contentType?: string | undefined }): Promise<FileReference>
}
