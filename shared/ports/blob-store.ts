/** Large values, content-addressed and written before the item that points at them. */
export type BlobStore = {
  put(key: string, text: string): Promise<void>
  /** Throws NotFoundError. */
  get(key: string): Promise<string>
}
